#include "platform/access/letters.h"

#include <fmt/format.h>

namespace quipu::access {
namespace {

enum class Language : std::uint8_t { es, pt, en };

Language language_of(std::string_view code) {
    if (code.starts_with("pt")) return Language::pt;
    if (code.starts_with("en")) return Language::en;
    return Language::es;
}

/// One text in each language, in the enum's order.
struct Texts {
    std::string_view es, pt, en;
    [[nodiscard]] std::string_view in(Language language) const {
        switch (language) {
            case Language::es: return es;
            case Language::pt: return pt;
            case Language::en: return en;
        }
        return en;
    }
};

constexpr Texts kHello = {"Hola, {}:", "Olá, {}:", "Hello {},"};

std::string shown(Time time) {
    std::string out = format_time(std::chrono::floor<std::chrono::minutes>(time)).substr(0, 16);
    out.at(10) = ' ';  // for people: no "T"
    return out + " UTC";
}

template <class... A>
Letter letter(const Addressee& to, const Texts& subject, const Texts& body, const std::string& network,
              const A&... values) {
    const Language language = language_of(to.language);
    const std::string& name = to.name.empty() ? to.mail : to.name;
    Letter out{.to = to.mail,
               .name = to.name,
               .language = language == Language::es   ? "es"
                           : language == Language::pt ? "pt"
                                                      : "en",
               .subject = fmt::format(fmt::runtime(subject.in(language)), network),
               .text = {}};
    out.text = fmt::format(fmt::runtime(kHello.in(language)), name) + "\n\n" +
               fmt::format(fmt::runtime(body.in(language)), network, values...) + "\n\n-- \n" + network + "\n";
    return out;
}

}  // namespace

Letter invitation_letter(const Addressee& to, const std::string& network, const std::string& inviter,
                         const std::string& link, Time until) {
    return letter(to, {"Invitación a {}", "Convite para {}", "Invitation to {}"},
                  {"{1} le invita a la plataforma de {0}. Abra este enlace y elija su contraseña:\n\n  {2}\n\n"
                   "Sirve una sola vez, hasta el {3}. Si no lo esperaba, no haga nada.",
                   "{1} convida você para a plataforma de {0}. Abra este endereço e escolha sua senha:\n\n  {2}\n\n"
                   "Serve uma única vez, até {3}. Se não esperava este convite, não faça nada.",
                   "{1} invites you to the platform of {0}. Open this link and choose your password:\n\n  {2}\n\n"
                   "It works once, until {3}. If you did not expect it, do nothing."},
                  network, inviter, link, shown(until));
}

Letter recovery_letter(const Addressee& to, const std::string& network, const std::string& link, Time until) {
    return letter(
        to, {"Nueva contraseña en {}", "Nova senha em {}", "New password at {}"},
        {"Alguien, tal vez usted, pidió una contraseña nueva para su cuenta en {0}. Elíjala aquí:\n\n  {1}\n\n"
         "El enlace sirve una sola vez, hasta el {2}. Si no fue usted, no haga nada: su contraseña no cambió.",
         "Alguém, talvez você, pediu uma nova senha para sua conta em {0}. Escolha-a aqui:\n\n  {1}\n\n"
         "O endereço serve uma única vez, até {2}. Se não foi você, não faça nada: sua senha não mudou.",
         "Somebody, perhaps you, asked for a new password for your account at {0}. Choose it here:\n\n  {1}\n\n"
         "The link works once, until {2}. If it was not you, do nothing: your password is unchanged."},
        network, link, shown(until));
}

Letter lock_letter(const Addressee& to, const std::string& network, Time until) {
    return letter(
        to,
        {"Su cuenta en {} está bloqueada por un momento", "Sua conta em {} está bloqueada por um momento",
         "Your account at {} is locked for a while"},
        {"Desde varios lugares se probaron contraseñas erradas para su cuenta en {0}. Hasta el {1} solo se puede "
         "entrar desde los lugares que usted ya usa; después se abre por sí sola. Su contraseña no cambió.",
         "De vários lugares foram tentadas senhas erradas para sua conta em {0}. Até {1} só se pode entrar dos "
         "lugares que você já usa; depois ela se abre sozinha. Sua senha não mudou.",
         "Wrong passwords were tried from several places for your account at {0}. Until {1} you can sign in only "
         "from places that you have used before; then it opens by itself. Your password is unchanged."},
        network, shown(until));
}

Letter password_letter(const Addressee& to, const std::string& network, const std::string& address) {
    return letter(
        to, {"Su contraseña en {} cambió", "Sua senha em {} mudou", "Your password at {} has changed"},
        {"La contraseña de su cuenta en {0} se cambió desde {1}. Si no fue usted, pida una nueva en la página de "
         "entrada y avise a quien administra las cuentas.",
         "A senha da sua conta em {0} foi mudada a partir de {1}. Se não foi você, peça uma nova na página de "
         "entrada e avise quem administra as contas.",
         "The password of your account at {0} was changed from {1}. If it was not you, ask for a new one on the "
         "sign-in page and tell whoever manages the accounts."},
        network, address);
}

Letter factor_letter(const Addressee& to, const std::string& network) {
    return letter(
        to,
        {"Los segundos factores de su cuenta en {} cambiaron", "Os segundos fatores da sua conta em {} mudaram",
         "The second factors of your account at {} have changed"},
        {"Una aplicación de códigos o una llave de acceso se agregó a su cuenta en {0}, o se quitó de ella. Su perfil "
         "muestra cuáles valen. Si no fue usted, cambie su contraseña y avise a quien administra las cuentas.",
         "Um aplicativo de códigos ou uma chave de acesso foi adicionado à sua conta em {0}, ou removido dela. Seu "
         "perfil mostra quais valem. Se não foi você, mude sua senha e avise quem administra as contas.",
         "An authenticator app or a passkey was added to your account at {0}, or removed from it. Your profile shows "
         "which ones hold. If it was not you, change your password and tell whoever manages the accounts."},
        network);
}

Letter token_letter(const Addressee& to, const std::string& network, const std::string& name, Time until) {
    return letter(
        to,
        {"Un token de su cuenta en {} termina pronto", "Um token da sua conta em {} termina em breve",
         "A token of your account at {} ends soon"},
        {"El token «{1}» de su cuenta en {0} vale hasta el {2}. Lo que lo usa dejará entonces de entrar: cree otro en "
         "su perfil y cámbielo antes.",
         "O token “{1}” da sua conta em {0} vale até {2}. O que o usa deixará então de entrar: crie outro no seu "
         "perfil e troque-o antes.",
         "The token \"{1}\" of your account at {0} holds until {2}. What uses it will then no longer be let in: make "
         "another one in your profile and change it before."},
        network, name, shown(until));
}

Letter used_code_letter(const Addressee& to, const std::string& network, const std::string& address) {
    return letter(
        to,
        {"Un código de su cuenta en {} se usó dos veces", "Um código da sua conta em {} foi usado duas vezes",
         "A code of your account at {} was used twice"},
        {"Desde {1} alguien quiso entrar a su cuenta en {0} con su contraseña y un código que ya se había usado; no se "
         "le dejó. Si no fue usted, otra persona conoce su contraseña y vio su código: cambie su contraseña.",
         "De {1} alguém quis entrar na sua conta em {0} com sua senha e um código que já tinha sido usado; não foi "
         "admitido. Se não foi você, outra pessoa conhece sua senha e viu seu código: mude sua senha.",
         "From {1} somebody wanted to sign in to your account at {0} with your password and a code that had been used "
         "before; they were refused. If it was not you, somebody knows your password and saw your code: change your "
         "password."},
        network, address);
}

Letter address_letter(const Addressee& to, const std::string& network, const std::string& mail) {
    return letter(
        to,
        {"La dirección de su cuenta en {} cambió", "O endereço da sua conta em {} mudou",
         "The address of your account at {} has changed"},
        {"Las cartas de su cuenta en {0} van desde ahora a {1}; esta es la última que llega aquí. Si no fue usted, "
         "avise a quien administra las cuentas.",
         "As cartas da sua conta em {0} vão a partir de agora para {1}; esta é a última que chega aqui. Se não foi "
         "você, avise quem administra as contas.",
         "Letters of your account at {0} go to {1} from now on; this is the last one that comes here. If it was not "
         "you, tell whoever manages the accounts."},
        network, mail);
}

Addressee addressee_of(const Account& account) {
    return {account.mail.value_or(""), account.name, account.language.value_or("")};
}

}  // namespace quipu::access
