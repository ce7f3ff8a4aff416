// What is written about the network, and what holds several notices together. Names: from, to, before, after, agent,
// service, reason, page, text; count, first, list.

#include "platform/notify/texts.h"

namespace quipu::notify {
namespace {

using enum mail::Language;

constexpr Text kNetwork[] = {
    {"delay-rose", es, "El retardo de {{from}} a {{to}} subió",
     "El retardo de {{from}} a {{to}} pasó de {{before}} a {{after}}."},
    {"delay-rose", pt, "O atraso de {{from}} a {{to}} subiu",
     "O atraso de {{from}} a {{to}} passou de {{before}} a {{after}}."},
    {"delay-rose", en, "Delay from {{from}} to {{to}} rose",
     "The delay from {{from}} to {{to}} went from {{before}} to {{after}}."},

    {"delay-fell", es, "El retardo de {{from}} a {{to}} bajó",
     "El retardo de {{from}} a {{to}} pasó de {{before}} a {{after}}."},
    {"delay-fell", pt, "O atraso de {{from}} a {{to}} baixou",
     "O atraso de {{from}} a {{to}} passou de {{before}} a {{after}}."},
    {"delay-fell", en, "Delay from {{from}} to {{to}} fell",
     "The delay from {{from}} to {{to}} went from {{before}} to {{after}}."},

    {"loss-began", es, "Se pierden paquetes de {{from}} a {{to}}",
     "De {{from}} a {{to}} se pierde el {{after}} de los paquetes."},
    {"loss-began", pt, "Perdem-se pacotes de {{from}} a {{to}}",
     "De {{from}} a {{to}} perdem-se {{after}} dos pacotes."},
    {"loss-began", en, "Packets are lost from {{from}} to {{to}}",
     "From {{from}} to {{to}}, {{after}} of the packets are lost."},

    {"loss-ended", es, "Ya no se pierden paquetes de {{from}} a {{to}}", "De {{from}} a {{to}} todo llega de nuevo."},
    {"loss-ended", pt, "Já não se perdem pacotes de {{from}} a {{to}}", "De {{from}} a {{to}} tudo chega de novo."},
    {"loss-ended", en, "Packets from {{from}} to {{to}} arrive again",
     "From {{from}} to {{to}} everything arrives again."},

    {"agent-lost", es, "El agente {{agent}} no responde",
     "El agente de {{agent}} ya no está conectado.{{#reason}} {{reason}}{{/reason}}"},
    {"agent-lost", pt, "O agente {{agent}} não responde",
     "O agente de {{agent}} não está mais conectado.{{#reason}} {{reason}}{{/reason}}"},
    {"agent-lost", en, "The agent {{agent}} does not answer",
     "The agent of {{agent}} is no longer connected.{{#reason}} {{reason}}{{/reason}}"},

    {"service-failed", es, "El servicio {{service}} falló",
     "El servicio {{service}} falló y se inicia de nuevo.\n\n{{#reason}}{{reason}}{{/reason}}"},
    {"service-failed", pt, "O serviço {{service}} falhou",
     "O serviço {{service}} falhou e é reiniciado.\n\n{{#reason}}{{reason}}{{/reason}}"},
    {"service-failed", en, "The service {{service}} failed",
     "The service {{service}} failed and is started again.\n\n{{#reason}}{{reason}}{{/reason}}"},

    {"problem-reported", es, "Problema informado: {{page}}", "Alguien informó un problema en {{page}}:\n\n{{text}}"},
    {"problem-reported", pt, "Problema relatado: {{page}}", "Alguém relatou um problema em {{page}}:\n\n{{text}}"},
    {"problem-reported", en, "Problem reported: {{page}}", "Somebody reported a problem at {{page}}:\n\n{{text}}"},

    {"several", es, "{{first}} (y {{count}} más)", "{{list}}"},
    {"several", pt, "{{first}} (e mais {{count}})", "{{list}}"},
    {"several", en, "{{first}} (and {{count}} more)", "{{list}}"},

    {"digest", es, "Resumen: {{count}} avisos", "{{list}}"},
    {"digest", pt, "Resumo: {{count}} avisos", "{{list}}"},
    {"digest", en, "Digest: {{count}} notices", "{{list}}"},
};

}  // namespace

const std::span<const Text> kNetworkTexts = kNetwork;

}  // namespace quipu::notify
