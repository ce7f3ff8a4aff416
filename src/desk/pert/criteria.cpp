// The criteria of accreditation, in three languages.

#include <array>

#include "desk/pert/engine_accreditation.h"

namespace quipu::pert {
namespace {

struct Words {
    std::string_view id, es, pt, en;
    bool mandatory = true;
};

constexpr std::array<Words, 8> kCriteria = {{
    {"mandate", "Un mandato: quién encargó al equipo y a quién sirve",
     "Um mandato: quem encarregou a equipe e a quem ela serve", "A mandate: who charged the team, and whom it serves"},
    {"staff", "Al menos dos personas que se reemplazan, con su experiencia en rendimiento de redes",
     "Pelo menos duas pessoas que se substituem, com sua experiência em desempenho de redes",
     "At least two people who stand in for each other, with their experience in network performance"},
    {"hours", "Horario de atención y tiempo de respuesta prometido",
     "Horário de atendimento e tempo de resposta prometido",
     "Hours of service, and the time in which an answer is promised"},
    {"contact", "Un contacto que se atiende siempre, y una clave PGP para lo confidencial",
     "Um contato que é sempre atendido, e uma chave PGP para o que é confidencial",
     "A contact that is always looked after, and a PGP key for what is confidential"},
    {"tools", "Herramientas: puntos de medición propios, y quién los cuida",
     "Ferramentas: pontos de medição próprios, e quem cuida deles",
     "Tools: measurement points of its own, and who looks after them"},
    {"process", "Cómo se recibe, se sigue y se cierra un caso", "Como um caso é recebido, acompanhado e encerrado",
     "How a case is taken in, followed and closed"},
    {"privacy", "Cómo se protegen los datos de quienes piden ayuda", "Como são protegidos os dados de quem pede ajuda",
     "How the data of those who ask for help are protected"},
    {"references", "Casos resueltos o equipos que recomiendan a este",
     "Casos resolvidos ou equipes que recomendam esta", "Solved cases, or teams that recommend this one", false},
}};

}  // namespace

std::vector<Criterion> criteria_in(std::string_view language) {
    std::vector<Criterion> out;
    for (const Words& words : kCriteria)
        out.push_back({std::string(words.id),
                       std::string(language == "es"   ? words.es
                                   : language == "pt" ? words.pt
                                                      : words.en),
                       words.mandatory});
    return out;
}

}  // namespace quipu::pert
