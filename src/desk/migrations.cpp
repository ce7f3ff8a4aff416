#include "desk/desk.h"

namespace quipu::desk {

// The SQL is in the subset that SQLite and PostgreSQL share. Times are nanoseconds since 1970, spans nanoseconds, lists
// JSON. Enumerations are numbers: their order in model.h never changes.
const std::vector<data::Migration> kDeskMigrations = {
    {"desk.001.cases", R"(
CREATE TABLE desk_counters (
    name TEXT PRIMARY KEY,
    last BIGINT NOT NULL
);
INSERT INTO desk_counters (name, last) VALUES ('case', 0), ('entry', 0);
CREATE TABLE desk_cases (
    number BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    queue BIGINT NOT NULL,
    state BIGINT NOT NULL,
    is_open BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    visibility BIGINT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    language TEXT NOT NULL,
    owner TEXT NOT NULL,
    teams TEXT NOT NULL,
    organisations TEXT NOT NULL,
    objects TEXT NOT NULL,
    country TEXT NOT NULL,
    cause TEXT NOT NULL,
    opened BIGINT NOT NULL,
    opened_by TEXT NOT NULL,
    changed BIGINT NOT NULL,
    closed BIGINT,
    reopened BIGINT NOT NULL,
    merged_into BIGINT,
    due BIGINT NOT NULL,
    look_at BIGINT,
    answer_promised BIGINT NOT NULL,
    answer_used BIGINT NOT NULL,
    answer_since BIGINT,
    answer_due BIGINT,
    answer_done BIGINT,
    answer_step BIGINT NOT NULL,
    answer_late BIGINT NOT NULL,
    solution_promised BIGINT NOT NULL,
    solution_used BIGINT NOT NULL,
    solution_since BIGINT,
    solution_due BIGINT,
    solution_done BIGINT,
    solution_step BIGINT NOT NULL,
    solution_late BIGINT NOT NULL,
    notes_public BIGINT NOT NULL,
    notes_members BIGINT NOT NULL,
    notes_private BIGINT NOT NULL,
    files_public BIGINT NOT NULL,
    files_members BIGINT NOT NULL,
    files_private BIGINT NOT NULL,
    evidence BIGINT NOT NULL,
    watchers BIGINT NOT NULL
);
CREATE INDEX desk_cases_queue ON desk_cases (queue, is_open, number);
CREATE INDEX desk_cases_state ON desk_cases (state, number);
CREATE INDEX desk_cases_open ON desk_cases (is_open, number);
CREATE INDEX desk_cases_due ON desk_cases (is_open, due, number);
CREATE INDEX desk_cases_changed ON desk_cases (changed, number);
CREATE INDEX desk_cases_owner ON desk_cases (owner, number);
CREATE INDEX desk_cases_visibility ON desk_cases (visibility, queue, number);
CREATE INDEX desk_cases_opened ON desk_cases (opened);
CREATE INDEX desk_cases_look ON desk_cases (look_at);
CREATE TABLE desk_marks (
    facet TEXT NOT NULL,
    mark TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (facet, mark, number)
);
CREATE INDEX desk_marks_number ON desk_marks (number);
CREATE TABLE desk_words (
    word BLOB NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (word, number)
);
CREATE INDEX desk_words_number ON desk_words (number);
CREATE TABLE desk_entries (
    id BIGINT PRIMARY KEY,
    number BIGINT NOT NULL,
    time BIGINT NOT NULL,
    kind TEXT NOT NULL,
    visibility BIGINT NOT NULL,
    who TEXT NOT NULL,
    who_name TEXT NOT NULL,
    said TEXT NOT NULL,
    changes TEXT NOT NULL,
    unverified BIGINT NOT NULL,
    origin BIGINT
);
CREATE INDEX desk_entries_number ON desk_entries (number, time, id);
CREATE TABLE desk_evidence (
    id BIGINT PRIMARY KEY,
    number BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX desk_evidence_number ON desk_evidence (number, id);
CREATE TABLE desk_attachments (
    id BIGINT PRIMARY KEY,
    number BIGINT NOT NULL,
    entry BIGINT NOT NULL,
    visibility BIGINT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    time BIGINT NOT NULL,
    who TEXT NOT NULL
);
CREATE INDEX desk_attachments_number ON desk_attachments (number, id);
CREATE TABLE desk_watchers (
    number BIGINT NOT NULL,
    watcher TEXT NOT NULL,
    language TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (number, watcher)
);
CREATE INDEX desk_watchers_watcher ON desk_watchers (watcher, number);
CREATE TABLE desk_causes (
    cause TEXT PRIMARY KEY,
    number BIGINT NOT NULL,
    showing BIGINT NOT NULL
);
CREATE INDEX desk_causes_number ON desk_causes (number);
CREATE TABLE desk_messages (
    message TEXT PRIMARY KEY,
    number BIGINT NOT NULL,
    time BIGINT NOT NULL
);
CREATE INDEX desk_messages_number ON desk_messages (number, time);
)"},
    // What one case has is found by both columns: SQLite took the facet alone for as good, and read all of its marks.
    {"desk.002.indexes", R"(
DROP INDEX desk_marks_number;
CREATE INDEX desk_marks_number ON desk_marks (number, facet);
DROP INDEX desk_words_number;
CREATE INDEX desk_words_number ON desk_words (number, word);
CREATE INDEX desk_attachments_content ON desk_attachments (sha256);
)"},
    {"desk.003.attachments", R"(
CREATE INDEX desk_attachments_who ON desk_attachments (who, time);
)"},
};

}  // namespace quipu::desk
