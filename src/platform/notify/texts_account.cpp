// What is written about accounts and about mail itself. Names: name (of the reader), network, link, until,
// organisation, inviter, time, address.

#include "platform/notify/texts.h"

namespace quipu::notify {
namespace {

using enum mail::Language;

constexpr Text kAccount[] = {
    {"invitation", es, "Invitación a {{network}}",
     "Hola{{#name}} {{name}}{{/name}}:\n\n{{#inviter}}{{inviter}} le invita{{/inviter}}{{^inviter}}Le "
     "invitamos{{/inviter}} a "
     "{{network}}{{#organisation}}, por {{organisation}}{{/organisation}}.\n\nAbra este enlace para crear su "
     "cuenta:\n{{link}}\n\n"
     "{{#until}}Es válido hasta {{until}}. {{/until}}Si no esperaba esta invitación, no haga nada."},
    {"invitation", pt, "Convite para {{network}}",
     "Olá{{#name}} {{name}}{{/name}},\n\n{{#inviter}}{{inviter}} convida você{{/inviter}}{{^inviter}}Convidamos "
     "você{{/inviter}} "
     "para {{network}}{{#organisation}}, por {{organisation}}{{/organisation}}.\n\nAbra este endereço para criar sua "
     "conta:\n{{link}}\n\n{{#until}}Vale até {{until}}. {{/until}}Se não esperava este convite, não faça nada."},
    {"invitation", en, "Invitation to {{network}}",
     "Hello{{#name}} {{name}}{{/name}},\n\n{{#inviter}}{{inviter}} invites you{{/inviter}}{{^inviter}}You are "
     "invited{{/inviter}} "
     "to {{network}}{{#organisation}}, for {{organisation}}{{/organisation}}.\n\nOpen this link to make your "
     "account:\n{{link}}\n\n"
     "{{#until}}It holds until {{until}}. {{/until}}If you did not expect this, do nothing."},

    {"recovery", es, "Nueva contraseña para {{network}}",
     "Hola{{#name}} {{name}}{{/name}}:\n\nAlguien pidió una nueva contraseña para su cuenta. Si fue usted, abra este "
     "enlace:\n{{link}}\n\n{{#until}}Es válido hasta {{until}}. {{/until}}Si no fue usted, no haga nada: su contraseña "
     "sigue igual."},
    {"recovery", pt, "Nova senha para {{network}}",
     "Olá{{#name}} {{name}}{{/name}},\n\nAlguém pediu uma nova senha para sua conta. Se foi você, abra este "
     "endereço:\n{{link}}\n\n{{#until}}Vale até {{until}}. {{/until}}Se não foi você, não faça nada: sua senha "
     "continua a mesma."},
    {"recovery", en, "A new password for {{network}}",
     "Hello{{#name}} {{name}}{{/name}},\n\nSomebody asked for a new password for your account. If it was you, open "
     "this "
     "link:\n{{link}}\n\n{{#until}}It holds until {{until}}. {{/until}}If it was not you, do nothing: your password "
     "stays."},

    {"account-locked", es, "Su cuenta en {{network}} está bloqueada por un tiempo",
     "Hola{{#name}} {{name}}{{/name}}:\n\nHubo demasiados intentos fallidos de entrar en su cuenta{{#address}}, desde "
     "{{address}}{{/address}}. Por seguridad se detiene el acceso{{#until}} hasta {{until}}{{/until}}.\n\nSi no fue "
     "usted, "
     "cambie su contraseña."},
    {"account-locked", pt, "Sua conta em {{network}} está bloqueada por um tempo",
     "Olá{{#name}} {{name}}{{/name}},\n\nHouve tentativas demais de entrar na sua conta sem sucesso{{#address}}, a "
     "partir de "
     "{{address}}{{/address}}. Por segurança o acesso fica suspenso{{#until}} até {{until}}{{/until}}.\n\nSe não foi "
     "você, "
     "troque sua senha."},
    {"account-locked", en, "Your account at {{network}} is locked for a while",
     "Hello{{#name}} {{name}}{{/name}},\n\nThere were too many failed attempts to sign in to your account{{#address}}, "
     "from "
     "{{address}}{{/address}}. To be safe, sign-in is stopped{{#until}} until {{until}}{{/until}}.\n\nIf it was not "
     "you, change "
     "your password."},

    {"mail-failing", es, "El correo a {{address}} no llega",
     "El correo a {{address}} fue devuelto:\n\n{{#status}}{{status}} {{/status}}{{reason}}\n\n{{#subject}}Era la carta "
     "\"{{subject}}\". {{/subject}}Corrija el contacto en el registro; mientras tanto esta persona no recibe avisos."},
    {"mail-failing", pt, "O correio para {{address}} não chega",
     "O correio para {{address}} foi devolvido:\n\n{{#status}}{{status}} {{/status}}{{reason}}\n\n{{#subject}}Era a "
     "mensagem "
     "\"{{subject}}\". {{/subject}}Corrija o contato no registro; enquanto isso esta pessoa não recebe avisos."},
    {"mail-failing", en, "Mail to {{address}} does not arrive",
     "Mail to {{address}} came back:\n\n{{#status}}{{status}} {{/status}}{{reason}}\n\n{{#subject}}It was the letter "
     "\"{{subject}}\". {{/subject}}Correct the contact in the registry; until then this person is not told anything."},

    {"test", es, "Prueba de avisos de {{network}}",
     "Este es un aviso de prueba. Si lo lee, los avisos le llegan por este canal."},
    {"test", pt, "Teste de avisos de {{network}}",
     "Este é um aviso de teste. Se você o lê, os avisos chegam por este canal."},
    {"test", en, "Test of {{network}}'s notifications",
     "This is a test. If you read it, notifications reach you this way."},
};

}  // namespace

const std::span<const Text> kAccountTexts = kAccount;

}  // namespace quipu::notify
