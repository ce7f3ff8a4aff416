#include "data/libpq.h"

#include <cstdlib>
#include <dlfcn.h>
#include <libpq-fe.h>

namespace quipu::data {
namespace {

void* libpq() {
    static void* const kLibrary = ::dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    return kLibrary;
}

/// The library's own function of that name; load_libpq() has seen that there is one.
template <class Function>
Function* libpqs(Function*, const char* name) {
    void* const found = ::dlsym(libpq(), name);
    if (found == nullptr) std::abort();
    return reinterpret_cast<Function*>(found);
}

}  // namespace

Result<void> load_libpq() {
    if (libpq() == nullptr)
        return fail(ErrorCode::unavailable, "PostgreSQL's library can't be loaded", "libpq.so.5",
                    "install it: apt install libpq5");
    // Of what is called here the youngest: PostgreSQL 14.
    if (::dlsym(libpq(), "PQpipelineSync") == nullptr)
        return fail(ErrorCode::unsupported, "PostgreSQL's library is older than version 14", "libpq.so.5");
    return {};
}

}  // namespace quipu::data

// What the linker would else take from the library itself.
void PQclear(PGresult* res) {
    static auto* const kReal = quipu::data::libpqs(&PQclear, "PQclear");
    kReal(res);
}
char* PQcmdTuples(PGresult* res) {
    static auto* const kReal = quipu::data::libpqs(&PQcmdTuples, "PQcmdTuples");
    return kReal(res);
}
PGconn* PQconnectdbParams(const char* const* keywords, const char* const* values, int expand) {
    static auto* const kReal = quipu::data::libpqs(&PQconnectdbParams, "PQconnectdbParams");
    return kReal(keywords, values, expand);
}
char* PQdb(const PGconn* conn) {
    static auto* const kReal = quipu::data::libpqs(&PQdb, "PQdb");
    return kReal(conn);
}
int PQenterPipelineMode(PGconn* conn) {
    static auto* const kReal = quipu::data::libpqs(&PQenterPipelineMode, "PQenterPipelineMode");
    return kReal(conn);
}
char* PQerrorMessage(const PGconn* conn) {
    static auto* const kReal = quipu::data::libpqs(&PQerrorMessage, "PQerrorMessage");
    return kReal(conn);
}
PGresult* PQexec(PGconn* conn, const char* query) {
    static auto* const kReal = quipu::data::libpqs(&PQexec, "PQexec");
    return kReal(conn, query);
}
PGresult* PQexecParams(PGconn* conn, const char* command, int count, const Oid* types, const char* const* values,
                       const int* lengths, const int* formats, int result_format) {
    static auto* const kReal = quipu::data::libpqs(&PQexecParams, "PQexecParams");
    return kReal(conn, command, count, types, values, lengths, formats, result_format);
}
PGresult* PQexecPrepared(PGconn* conn, const char* name, int count, const char* const* values, const int* lengths,
                         const int* formats, int result_format) {
    static auto* const kReal = quipu::data::libpqs(&PQexecPrepared, "PQexecPrepared");
    return kReal(conn, name, count, values, lengths, formats, result_format);
}
int PQexitPipelineMode(PGconn* conn) {
    static auto* const kReal = quipu::data::libpqs(&PQexitPipelineMode, "PQexitPipelineMode");
    return kReal(conn);
}
void PQfinish(PGconn* conn) {
    static auto* const kReal = quipu::data::libpqs(&PQfinish, "PQfinish");
    kReal(conn);
}
Oid PQftype(const PGresult* res, int column) {
    static auto* const kReal = quipu::data::libpqs(&PQftype, "PQftype");
    return kReal(res, column);
}
PGresult* PQgetResult(PGconn* conn) {
    static auto* const kReal = quipu::data::libpqs(&PQgetResult, "PQgetResult");
    return kReal(conn);
}
int PQgetisnull(const PGresult* res, int row, int column) {
    static auto* const kReal = quipu::data::libpqs(&PQgetisnull, "PQgetisnull");
    return kReal(res, row, column);
}
int PQgetlength(const PGresult* res, int row, int column) {
    static auto* const kReal = quipu::data::libpqs(&PQgetlength, "PQgetlength");
    return kReal(res, row, column);
}
char* PQgetvalue(const PGresult* res, int row, int column) {
    static auto* const kReal = quipu::data::libpqs(&PQgetvalue, "PQgetvalue");
    return kReal(res, row, column);
}
char* PQhost(const PGconn* conn) {
    static auto* const kReal = quipu::data::libpqs(&PQhost, "PQhost");
    return kReal(conn);
}
int PQnfields(const PGresult* res) {
    static auto* const kReal = quipu::data::libpqs(&PQnfields, "PQnfields");
    return kReal(res);
}
int PQntuples(const PGresult* res) {
    static auto* const kReal = quipu::data::libpqs(&PQntuples, "PQntuples");
    return kReal(res);
}
int PQpipelineSync(PGconn* conn) {
    static auto* const kReal = quipu::data::libpqs(&PQpipelineSync, "PQpipelineSync");
    return kReal(conn);
}
PGresult* PQprepare(PGconn* conn, const char* name, const char* query, int count, const Oid* types) {
    static auto* const kReal = quipu::data::libpqs(&PQprepare, "PQprepare");
    return kReal(conn, name, query, count, types);
}
int PQputCopyData(PGconn* conn, const char* buffer, int octets) {
    static auto* const kReal = quipu::data::libpqs(&PQputCopyData, "PQputCopyData");
    return kReal(conn, buffer, octets);
}
int PQputCopyEnd(PGconn* conn, const char* message) {
    static auto* const kReal = quipu::data::libpqs(&PQputCopyEnd, "PQputCopyEnd");
    return kReal(conn, message);
}
void PQreset(PGconn* conn) {
    static auto* const kReal = quipu::data::libpqs(&PQreset, "PQreset");
    kReal(conn);
}
char* PQresultErrorField(const PGresult* res, int field) {
    static auto* const kReal = quipu::data::libpqs(&PQresultErrorField, "PQresultErrorField");
    return kReal(res, field);
}
ExecStatusType PQresultStatus(const PGresult* res) {
    static auto* const kReal = quipu::data::libpqs(&PQresultStatus, "PQresultStatus");
    return kReal(res);
}
int PQsendQueryPrepared(PGconn* conn, const char* name, int count, const char* const* values, const int* lengths,
                        const int* formats, int result_format) {
    static auto* const kReal = quipu::data::libpqs(&PQsendQueryPrepared, "PQsendQueryPrepared");
    return kReal(conn, name, count, values, lengths, formats, result_format);
}
PQnoticeReceiver PQsetNoticeReceiver(PGconn* conn, PQnoticeReceiver receiver, void* argument) {
    static auto* const kReal = quipu::data::libpqs(&PQsetNoticeReceiver, "PQsetNoticeReceiver");
    return kReal(conn, receiver, argument);
}
ConnStatusType PQstatus(const PGconn* conn) {
    static auto* const kReal = quipu::data::libpqs(&PQstatus, "PQstatus");
    return kReal(conn);
}
