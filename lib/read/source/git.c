/* SPDX-License-Identifier: MIT */
/* See git.h. What is between two records is skipped, be it the newline or, with -z, the NUL that git puts there. */
#include "read/source/git.h"

#include "base/error.h"
#include "base/utf8.h"
#include "read/source/mapping.h"

#include <string.h>

enum { SHA1_DIGITS = 40, SHA256_DIGITS = 64 };
enum { COMMIT_HASH, COMMIT_PARENTS, COMMIT_TIME, COMMIT_REFS, COMMIT_BODY, COMMIT_FIELDS };
enum { TAG_NAME, TAG_HASH, TAG_TYPE, TAG_TIME, TAG_FIELDS };
enum { FIELDS_MOST = COMMIT_FIELDS, NUMBERS_MOST = 8 };

/* Two numbers or more, perhaps after a v, or after a name and a hyphen, slash or @. */
static const char versions[] = "^(.*[-/@])?v?\\d+([._]\\d+)+(\\+.*)?$";
static const char tags_folder[] = "refs/tags/";

const char dora__git_text[] =
    "# git: commits as changes, tags that name versions as releases and deployments.\n"
    "#\n"
    "#   git log --decorate=full --format='%H%x00%P%x00%ct%x00%D%x00%b%x00' |\n"
    "#     dora report --from git --project shop -\n"
    "#\n"
    "# and, so that annotated tags have their own dates, behind it or as a file of its own\n"
    "#\n"
    "#   git for-each-ref refs/tags \\\n"
    "#     --format='%(refname)%00%(*objectname)%00%(*objecttype)%00%(creatordate:unix)%00'\n"
    "#\n"
    "# A change is committed when its committer says (%ct; %at in its place is when its author does). A tag\n"
    "# is deployed at the later of the commit's time and its own. Versions are two numbers or more, as v1.2,\n"
    "# 1.2.3, curl-8_3_0; not those with a word such as rc or beta. --tags REGEX says which tags are\n"
    "# releases instead; --set tag_services='/^(.+)@/' says what in a tag is the service. With git log\n"
    "# --name-only, --set paths='/^web\\//' gives a time only to commits that touch such a path. Where a tagged\n"
    "# commit itself is a revert (\"This reverts commit\" begins a line of its message) its deployment is\n"
    "# rework; other reverts are changes as any. Git knows of no incidents.\n";

const char dora__git_parameters[] = "parameter tag_services = -\nparameter paths = -\n";

struct text {
    const char *data;
    size_t size;
};

static bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static size_t hex_digits(const char *bytes, size_t size) {
    size_t count = 0;
    while (count < size && count <= SHA256_DIGITS && is_hex(bytes[count]))
        count++;
    return count;
}

enum dora__git_head dora__git_head_of(const char *bytes, size_t size, bool final) {
    size_t digits = hex_digits(bytes, size), common = size < sizeof tags_folder - 1 ? size : sizeof tags_folder - 1;
    if (memcmp(bytes, tags_folder, common) == 0)
        return common == sizeof tags_folder - 1 ? DORA__GIT_TAG : final ? DORA__GIT_NEITHER : DORA__GIT_PERHAPS;
    if (digits == size && digits <= SHA256_DIGITS && !final)
        return DORA__GIT_PERHAPS;
    bool is_hash = digits < size && (digits == SHA1_DIGITS || digits == SHA256_DIGITS) && bytes[digits] == '\0';
    return is_hash ? DORA__GIT_COMMIT : DORA__GIT_NEITHER;
}

dora_status dora__git_new(struct dora_reader *reader, const dora_reader_options *options, bool taken,
                          dora_error *error) {
    static const char front[] = "git:";
    struct dora__git *git = reader->git = dora__alloc_zeroed(reader->memory, 1, sizeof *git);
    if (!git)
        return dora__fail_memory(error);
    const char *tags = options->tags ? options->tags : versions;
    git->taken = taken;
    git->any_tags = options->tags != NULL;
    git->project_size = options->project ? strlen(options->project) : 0;
    git->front_size = sizeof front - 1 + git->project_size + (git->project_size > 0);
    git->front = dora__alloc(reader->memory, git->front_size, 1);
    if (!git->front)
        return dora__fail_memory(error);
    memcpy(git->front, front, sizeof front - 1);
    if (git->project_size)
        memcpy(git->front + sizeof front - 1, options->project, git->project_size);
    git->front[git->front_size - 1] = ':';
    dora_status status = dora__pattern_parse(&git->tags, reader->memory, tags, strlen(tags), error);
    const struct dora__span services = dora__given_pattern(options->parameters, "tag_services");
    const struct dora__span paths = dora__given_pattern(options->parameters, "paths");
    git->by_tag = services.data != NULL;
    git->by_path = paths.data != NULL;
    if (status == DORA_OK && git->by_tag)
        status = dora__pattern_parse(&git->services, reader->memory, services.data, services.size, error);
    if (status == DORA_OK && git->by_path)
        status = dora__pattern_parse(&git->paths, reader->memory, paths.data, paths.size, error);
    return status;
}

void dora__git_free(struct dora_reader *reader) {
    struct dora__git *git = reader->git;
    if (!git)
        return;
    dora__pattern_free(&git->tags);
    dora__pattern_free(&git->services);
    dora__pattern_free(&git->paths);
    dora__free(reader->memory, git->front, git->front_size, 1);
    dora__free(reader->memory, git->id, git->id_capacity, 1);
    dora__free(reader->memory, git, 1, sizeof *git);
}

const char *dora__git_project(const struct dora__git *git, size_t *size) {
    *size = git->project_size;
    return git->front + (git->front_size - git->project_size - 1);
}

static void begin(struct dora_reader *reader, dora_kind kind) {
    size_t size;
    const char *project = dora__git_project(reader->git, &size);
    reader->kind = kind;
    reader->raws_seen = 0;
    reader->unknown_count = 0;
    if (size == 0)
        return;
    reader->raws_seen = DORA__BIT(DORA__SERVICE_NAME);
    reader->raws[DORA__SERVICE_NAME] = (struct dora__raw){project, size, DORA__TEXT};
}

static void state(struct dora_reader *reader, enum dora__field field, const char *data, size_t size) {
    if (size == 0)
        return;
    reader->raws[field] = (struct dora__raw){data, size, DORA__TEXT};
    reader->raws_seen |= DORA__BIT(field);
}

/* Words of names that stand for what comes before a release. */
static bool is_early(struct text tag) {
    static const char *const words[] = {"alpha", "beta",    "rc",       "pre",    "preview",
                                        "dev",   "nightly", "snapshot", "canary", "test"};
    for (size_t at = 0, end; at < tag.size; at = end + 1) {
        for (end = at; end < tag.size && ((tag.data[end] | 0x20) >= 'a' && (tag.data[end] | 0x20) <= 'z');)
            end++;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            size_t k = 0;
            while (k < end - at && words[i][k] == (tag.data[at + k] | 0x20))
                k++;
            if (k == end - at && k && !words[i][k])
                return true;
        }
    }
    return false;
}

/* Which of the numbers of a version are not zero, by bit, and how many there are: of the first two or more that points
   or underscores join. */
static unsigned numbers_of(struct text tag, unsigned *nonzero) {
    unsigned count = 0;
    *nonzero = 0;
    for (size_t at = 0; at < tag.size; at++) {
        char c = tag.data[at];
        bool digit = c >= '0' && c <= '9', first = at == 0 || tag.data[at - 1] < '0' || tag.data[at - 1] > '9';
        if (digit && first && count < NUMBERS_MOST)
            count++;
        if (digit)
            *nonzero |= c != '0' ? 1u << (count - 1) : 0;
        else if ((c != '.' && c != '_') || at == 0 || first) {
            if (count > 1)
                break;
            count = *nonzero = 0;
        }
    }
    return count;
}

/* What a release changes by the numbers of its version; NULL: they do not say. */
static const char *category_of(struct text tag) {
    unsigned nonzero, count = numbers_of(tag, &nonzero);
    if (is_early(tag))
        return "prerelease";
    if (count < 2)
        return NULL;
    return nonzero >> 2 ? "patch" : nonzero & 2 ? "minor" : "major";
}

static bool is_version(struct dora__git *git, struct text tag) {
    size_t slots[DORA__PATTERN_SLOTS];
    return dora__pattern_find(&git->tags, tag.data, tag.size, slots) && (git->any_tags || !is_early(tag));
}

/* The service that a tag names. */
static void state_service(struct dora_reader *reader, struct text tag) {
    struct dora__git *git = reader->git;
    size_t slots[DORA__PATTERN_SLOTS];
    if (!git->by_tag || !dora__pattern_find(&git->services, tag.data, tag.size, slots))
        return;
    size_t group = slots[2] == SIZE_MAX ? 0 : 2;
    state(reader, DORA__SERVICE_NAME, tag.data + slots[group], slots[group + 1] - slots[group]);
}

/* The release and the deployment that a tag stands for. */
static void state_tag(struct dora_reader *reader, struct text tag, struct text hash, struct text time, bool rework,
                      uint64_t byte) {
    struct dora__git *git = reader->git;
    if (!dora__utf8_valid(tag.data, tag.size)) {
        dora__reject(reader, byte, "a tag's name is ill-formed UTF-8");
        return;
    }
    if (!is_version(git, tag))
        return;
    size_t id_size = git->front_size + tag.size;
    if (!dora__grow(reader->memory, (void **)&git->id, &git->id_capacity, id_size, 1)) {
        dora__reader_fail(reader, DORA_ERROR_MEMORY);
        return;
    }
    memcpy(git->id, git->front, git->front_size);
    memcpy(git->id + git->front_size, tag.data, tag.size);
    const char *category = category_of(tag);
    begin(reader, DORA_KIND_RELEASE);
    state_service(reader, tag);
    state(reader, DORA__ID, git->id, id_size);
    state(reader, DORA__VERSION, tag.data, tag.size);
    state(reader, DORA__CATEGORY, category, category ? strlen(category) : 0);
    state(reader, DORA__RELEASED_AT, time.data, time.size);
    dora__convert_record(reader, tag.data, tag.size, byte);
    if (reader->failure.status != DORA_OK)
        return;
    begin(reader, DORA_KIND_DEPLOYMENT);
    state_service(reader, tag);
    state(reader, DORA__ID, git->id, id_size);
    state(reader, DORA__RELEASE, git->id, id_size);
    state(reader, DORA__VERSION, tag.data, tag.size);
    state(reader, DORA__SHA, hash.data, hash.size);
    state(reader, DORA__FINISHED_AT, time.data, time.size);
    state(reader, DORA__REWORK, "true", rework ? 4 : 0);
    dora__convert_record(reader, tag.data, tag.size, byte);
}

/* Whether the message has the line that git revert writes. */
static bool is_revert(struct text body) {
    static const char words[] = "This reverts commit ";
    for (const char *at = body.data, *end = at + body.size; at && (size_t)(end - at) > sizeof words;) {
        if (memcmp(at, words, sizeof words - 1) == 0)
            return true;
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    return false;
}

/* "HEAD -> refs/heads/main, tag: refs/tags/v1.0, refs/remotes/origin/main"; no name holds a space. */
static void state_tags(struct dora_reader *reader, const struct text *fields, uint64_t byte) {
    static const char mark[] = "tag: ";
    const char *at = fields[COMMIT_REFS].data, *end = at + fields[COMMIT_REFS].size;
    bool rework = at < end && is_revert(fields[COMMIT_BODY]);
    while (at < end && reader->failure.status == DORA_OK) {
        const char *stop = at;
        while (stop < end && !(*stop == ',' && stop + 1 < end && stop[1] == ' '))
            stop++;
        struct text name = {at, (size_t)(stop - at)};
        at = stop < end ? stop + 2 : end;
        if (name.size < sizeof mark || memcmp(name.data, mark, sizeof mark - 1) != 0)
            continue;
        name = (struct text){name.data + sizeof mark - 1, name.size - (sizeof mark - 1)};
        if (name.size > sizeof tags_folder - 1 && memcmp(name.data, tags_folder, sizeof tags_folder - 1) == 0)
            name = (struct text){name.data + sizeof tags_folder - 1, name.size - (sizeof tags_folder - 1)};
        state_tag(reader, name, fields[COMMIT_HASH], fields[COMMIT_TIME], rework, byte);
    }
}

static bool are_hashes(struct text text) {
    for (size_t i = 0; i < text.size; i++)
        if (!is_hex(text.data[i]) && text.data[i] != ' ')
            return false;
    return true;
}

/* The next of the lines that name paths, which is taken off; false at the end. */
static bool next_line(struct text *lines, struct text *line) {
    if (lines->size == 0)
        return false;
    const char *newline = memchr(lines->data, '\n', lines->size);
    *line = (struct text){lines->data, newline ? (size_t)(newline - lines->data) : lines->size};
    size_t past = line->size + (newline != NULL);
    *lines = (struct text){lines->data + past, lines->size - past};
    return true;
}

/* Whether a commit is one of the service's: without its paths, which a merge names none of, it is only passed through.
 */
static bool is_own(struct dora__git *git, struct text paths) {
    size_t slots[DORA__PATTERN_SLOTS];
    struct text line;
    bool own = !git->by_path;
    while (!own && next_line(&paths, &line))
        own = line.size && dora__pattern_find(&git->paths, line.data, line.size, slots);
    return own;
}

static void take_commit(struct dora_reader *reader, const struct text *fields, struct text paths, uint64_t byte) {
    if (!are_hashes(fields[COMMIT_PARENTS])) {
        dora__reject(reader, byte, "the parents of a commit are no hashes");
        return;
    }
    begin(reader, DORA_KIND_CHANGE);
    state(reader, DORA__ID, fields[COMMIT_HASH].data, fields[COMMIT_HASH].size);
    if (is_own(reader->git, paths))
        state(reader, DORA__COMMITTED_AT, fields[COMMIT_TIME].data, fields[COMMIT_TIME].size);
    state(reader, DORA__PARENTS, fields[COMMIT_PARENTS].data, fields[COMMIT_PARENTS].size);
    dora__convert_record(reader, fields[COMMIT_HASH].data, fields[COMMIT_HASH].size, byte);
    state_tags(reader, fields, byte);
}

/* An annotated tag of a commit. Of others the log says all that there is to say. */
static void take_tag(struct dora_reader *reader, const struct text *fields, uint64_t byte) {
    struct text name = {fields[TAG_NAME].data + sizeof tags_folder - 1,
                        fields[TAG_NAME].size - (sizeof tags_folder - 1)};
    bool of_commit = fields[TAG_TYPE].size == 6 && memcmp(fields[TAG_TYPE].data, "commit", 6) == 0;
    if (!are_hashes(fields[TAG_HASH]))
        dora__reject(reader, byte, "what a tag names is no hash");
    else if (of_commit && name.size)
        state_tag(reader, name, fields[TAG_HASH], fields[TAG_TIME], false, byte);
}

static void take_item(struct dora_reader *reader, enum dora__git_head head, const struct text *fields,
                      struct text paths, uint64_t byte) {
    uint64_t before = reader->records;
    if (head == DORA__GIT_COMMIT)
        take_commit(reader, fields, paths, byte);
    else
        take_tag(reader, fields, byte);
    reader->facts->items++;
    reader->facts->silent += reader->records == before;
}

/* The fields at the front, each up to its NUL; how many bytes they are, 0 where one has no end. */
static size_t cut(const char *bytes, size_t size, struct text *fields, unsigned count) {
    size_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        const char *end = memchr(bytes + at, '\0', size - at);
        if (!end)
            return 0;
        fields[i] = (struct text){bytes + at, (size_t)(end - bytes) - at};
        at = (size_t)(end - bytes) + 1;
    }
    return at;
}

/* How many bytes at the front are lines up to the next record, of paths as --name-only prints them; false: more are
   needed to say. */
static bool find_paths(const char *bytes, size_t size, bool final, size_t *length) {
    size_t at = 0;
    while (at < size) {
        bool empty = bytes[at] == '\n' || bytes[at] == '\0';
        enum dora__git_head head = empty ? DORA__GIT_NEITHER : dora__git_head_of(bytes + at, size - at, final);
        const char *newline = memchr(bytes + at, '\n', size - at);
        *length = at;
        if (head >= DORA__GIT_COMMIT)
            return true;
        if (head == DORA__GIT_PERHAPS || (!newline && !final))
            return false;
        at = newline ? (size_t)(newline - bytes) + 1 : size;
    }
    *length = size;
    return final;
}

/* To the next line that begins as a record does, or may. */
static size_t skip(struct dora__git *git, const char *bytes, size_t size, bool final) {
    for (const char *at = bytes, *end = bytes + size;;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline || (newline + 1 == end && final))
            return size;
        enum dora__git_head head = dora__git_head_of(newline + 1, (size_t)(end - newline) - 1, final);
        if (head == DORA__GIT_PERHAPS)
            return (size_t)(newline - bytes);
        at = newline + 1;
        if (head == DORA__GIT_NEITHER)
            continue;
        git->skipping = false;
        return (size_t)(at - bytes);
    }
}

/* Reads what begins at bytes; 0: more of it is needed. */
static size_t take(struct dora_reader *reader, const char *bytes, size_t size, bool final, uint64_t byte) {
    struct text fields[FIELDS_MOST];
    enum dora__git_head head = dora__git_head_of(bytes, size, final);
    if (head == DORA__GIT_PERHAPS)
        return 0;
    size_t done = 0, most = size < reader->record_bytes_max ? size : reader->record_bytes_max;
    if (head != DORA__GIT_NEITHER) /* behind the most bytes nothing is looked for: it may not be there yet */
        done = cut(bytes, most, fields, head == DORA__GIT_TAG ? TAG_FIELDS : COMMIT_FIELDS);
    struct text paths = {bytes + done, 0};
    if (done && head == DORA__GIT_COMMIT && reader->git->by_path)
        done = find_paths(paths.data, most - done, final && most == size, &paths.size) ? done + paths.size : 0;
    bool too_long = !done && size > reader->record_bytes_max;
    if (head != DORA__GIT_NEITHER && !done && !final && !too_long)
        return 0;
    if (head == DORA__GIT_NEITHER)
        dora__reject(reader, byte, "not the output of git in the format that dora help git prints");
    else if (too_long)
        dora__reject(reader, byte, "record longer than %zu bytes", reader->record_bytes_max);
    else if (!done)
        dora__reject(reader, byte, "the input ends within a record");
    else
        take_item(reader, head, fields, paths, byte);
    if (done)
        return done;
    reader->git->skipping = true;
    return 1;
}

size_t dora__read_git(struct dora_reader *reader, const char *bytes, size_t size, bool final) {
    struct dora__git *git = reader->git;
    size_t at = 0;
    while (at < size && reader->failure.status == DORA_OK) {
        size_t done = 1;
        if (git->skipping)
            done = skip(git, bytes + at, size - at, final);
        else if (bytes[at] != '\n' && bytes[at] != '\r' && bytes[at] != '\0')
            done = take(reader, bytes + at, size - at, final, reader->offset + at);
        if (done == 0)
            break;
        for (const char *p = bytes + at, *end = p + done; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
            reader->line++;
        at += done;
    }
    return at;
}
