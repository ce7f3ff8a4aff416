// What is written about cases. Names: number, title, queue, state, text (of the note or the description), who, link,
// due (of a service clock).

#include "platform/notify/texts.h"

namespace quipu::notify {
namespace {

using enum mail::Language;

constexpr Text kCase[] = {
    {"case-opened", es, "[caso {{number}}] {{title}}",
     "Se abrió el caso {{number}}: {{title}}\n\n{{#text}}{{text}}\n\n{{/text}}Puede responder a este correo; su "
     "respuesta se "
     "agrega al caso.{{#link}}\n{{link}}{{/link}}"},
    {"case-opened", pt, "[caso {{number}}] {{title}}",
     "Foi aberto o caso {{number}}: {{title}}\n\n{{#text}}{{text}}\n\n{{/text}}Você pode responder a esta mensagem; "
     "sua resposta "
     "entra no caso.{{#link}}\n{{link}}{{/link}}"},
    {"case-opened", en, "[case {{number}}] {{title}}",
     "Case {{number}} was opened: {{title}}\n\n{{#text}}{{text}}\n\n{{/text}}You may answer this letter; your answer "
     "is added "
     "to the case.{{#link}}\n{{link}}{{/link}}"},

    {"case-note", es, "[caso {{number}}] {{title}}",
     "{{#who}}{{who}} escribió:{{/who}}{{^who}}Hay una nota nueva:{{/who}}\n\n{{text}}\n\n{{#link}}{{link}}{{/link}}"},
    {"case-note", pt, "[caso {{number}}] {{title}}",
     "{{#who}}{{who}} escreveu:{{/who}}{{^who}}Há uma nova nota:{{/who}}\n\n{{text}}\n\n{{#link}}{{link}}{{/link}}"},
    {"case-note", en, "[case {{number}}] {{title}}",
     "{{#who}}{{who}} wrote:{{/who}}{{^who}}There is a new note:{{/who}}\n\n{{text}}\n\n{{#link}}{{link}}{{/link}}"},

    {"case-changed", es, "[caso {{number}}] {{title}}",
     "El caso {{number}} cambió.{{#state}} Estado: {{state}}.{{/state}}\n\n{{#link}}{{link}}{{/link}}"},
    {"case-changed", pt, "[caso {{number}}] {{title}}",
     "O caso {{number}} mudou.{{#state}} Estado: {{state}}.{{/state}}\n\n{{#link}}{{link}}{{/link}}"},
    {"case-changed", en, "[case {{number}}] {{title}}",
     "Case {{number}} has changed.{{#state}} State: {{state}}.{{/state}}\n\n{{#link}}{{link}}{{/link}}"},

    {"case-closed", es, "[caso {{number}}] Cerrado: {{title}}",
     "El caso {{number}} se cerró: {{title}}\n\n{{#text}}{{text}}\n\n{{/text}}Si el problema sigue, responda a este "
     "correo y se "
     "abre de nuevo.{{#link}}\n{{link}}{{/link}}"},
    {"case-closed", pt, "[caso {{number}}] Encerrado: {{title}}",
     "O caso {{number}} foi encerrado: {{title}}\n\n{{#text}}{{text}}\n\n{{/text}}Se o problema continua, responda a "
     "esta "
     "mensagem e ele é reaberto.{{#link}}\n{{link}}{{/link}}"},
    {"case-closed", en, "[case {{number}}] Closed: {{title}}",
     "Case {{number}} is closed: {{title}}\n\n{{#text}}{{text}}\n\n{{/text}}If the problem goes on, answer this letter "
     "and it is "
     "opened again.{{#link}}\n{{link}}{{/link}}"},

    {"case-due", es, "[caso {{number}}] Vence pronto: {{title}}",
     "El caso {{number}} vence pronto: {{title}}\n\n{{#due}}Debe estar listo el "
     "{{due}}.\n{{/due}}{{#link}}{{link}}{{/link}}"},
    {"case-due", pt, "[caso {{number}}] Vence em breve: {{title}}",
     "O caso {{number}} vence em breve: {{title}}\n\n{{#due}}Deve estar pronto em "
     "{{due}}.\n{{/due}}{{#link}}{{link}}{{/link}}"},
    {"case-due", en, "[case {{number}}] Soon due: {{title}}",
     "Case {{number}} is soon due: {{title}}\n\n{{#due}}It is due at {{due}}.\n{{/due}}{{#link}}{{link}}{{/link}}"},

    {"case-escalated", es, "[caso {{number}}] Atrasado: {{title}}",
     "El caso {{number}} espera más de lo prometido: {{title}}\n\n{{#due}}Debía estar listo el "
     "{{due}}.\n{{/due}}{{#link}}{{link}}{{/link}}"},
    {"case-escalated", pt, "[caso {{number}}] Atrasado: {{title}}",
     "O caso {{number}} espera mais do que o prometido: {{title}}\n\n{{#due}}Devia estar pronto em "
     "{{due}}.\n{{/due}}{{#link}}{{link}}{{/link}}"},
    {"case-escalated", en, "[case {{number}}] Late: {{title}}",
     "Case {{number}} has waited for longer than promised: {{title}}\n\n{{#due}}It was due at "
     "{{due}}.\n{{/due}}{{#link}}{{link}}{{/link}}"},
};

}  // namespace

const std::span<const Text> kCaseTexts = kCase;

}  // namespace quipu::notify
