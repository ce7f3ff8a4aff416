// The least program around our HTTP server, for bench/http: the same small JSON body for every request, on one loop.
#include "net/http_server.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <semaphore>
#include <string>

int main(int argc, char** argv) {
    using namespace quipu;
    const auto address = net::Endpoint::parse(argc > 1 ? argv[1] : "127.0.0.1:0");
    const auto body = std::make_shared<const std::string>(argc > 2 ? argv[2] : "{}");
    if (!address) return EXIT_FAILURE;
    net::LoopPool loops(1);
    const auto server = net::HttpServer::listen(loops, *address, [&](net::HttpRequest&) -> Task<net::HttpResponse> {
        net::HttpResponse response;
        response.headers.add("Content-Type", "application/json");
        response.body = body;
        co_return response;
    });
    if (!server) {
        std::fprintf(stderr, "%s\n", server.error().text().c_str());
        return EXIT_FAILURE;
    }
    std::printf("%s\n", (*server)->address().text().c_str());
    std::fflush(stdout);
    std::counting_semaphore<1>(0).acquire();  // until the bench ends it
}
