// SPDX-License-Identifier: MIT
// Reads inline deployments as NDJSON by simdjson's On-Demand into typed columns, in the best form that was found:
// pieces of whole lines in a buffer that is used again, keys in any order, few different strings known by number,
// instants as seconds. It tells what bench_measure's `read` tells. It has no kinds, lists or ids, knows one spelling of
// instants, and does not say which record is wrong.
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

using namespace simdjson;

namespace {

constexpr size_t piece_size = 1 << 18;
constexpr uint32_t absent = UINT32_MAX;

[[noreturn]] void quit(const char *why) {
    std::fprintf(stderr, "simdjson: %s\n", why);
    std::exit(1);
}

// Numbers of strings, by open addressing.
class Names {
  public:
    uint32_t number(std::string_view name) {
        uint64_t first = 0, last = 0;
        if (name.size() >= 8) {
            std::memcpy(&first, name.data(), 8);
            std::memcpy(&last, name.data() + name.size() - 8, 8);
        } else {
            std::memcpy(&first, name.data(), name.size());
        }
        uint64_t mixed = (first ^ (last << 29 | last >> 35) ^ name.size()) * UINT64_C(0x9E3779B97F4A7C15);
        for (size_t i = mixed >> 48;; i++) {
            uint32_t &slot = slots[i & (slots.size() - 1)];
            if (slot == 0) {
                names.emplace_back(name);
                return slot = uint32_t(names.size());
            }
            if (names[slot - 1] == name)
                return slot;
        }
    }

  private:
    std::vector<uint32_t> slots = std::vector<uint32_t>(1 << 16);
    std::vector<std::string> names;
};

struct Columns {
    std::vector<uint32_t> service, environment, finished, committed, restored;
    std::vector<uint8_t> failed;
};

unsigned pair(const char *at) {
    unsigned tens = unsigned(at[0]) - '0', ones = unsigned(at[1]) - '0';
    return tens > 9 || ones > 9 ? 100 : tens * 10 + ones;
}

// "2024-01-31T12:34:56Z" of the years 1970 to 2099.
uint32_t seconds_of(std::string_view text) {
    const char *at = text.data();
    if (text.size() != 20 || at[4] != '-' || at[7] != '-' || at[10] != 'T' || at[13] != ':' || at[16] != ':' ||
        at[19] != 'Z')
        quit("an instant of another spelling");
    unsigned century = pair(at), year = pair(at + 2), month = pair(at + 5), day = pair(at + 8);
    unsigned hour = pair(at + 11), minute = pair(at + 14), second = pair(at + 17);
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if ((century != 19 && century != 20) || year > 99 || month - 1 > 11 || hour > 23 || minute > 59 || second > 59)
        quit("no instant");
    unsigned length = lengths[month - 1] + (month == 2 && year % 4 == 0 && (year || century == 20));
    if (day - 1 >= length)
        quit("no such day");
    int64_t y = int64_t(century) * 100 + year - (month <= 2), m = (month + 9) % 12;
    int64_t days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
    return uint32_t(days * 86400 + hour * 3600 + minute * 60 + second);
}

void take(ondemand::object object, Columns &to, Names &services, Names &environments) {
    uint32_t service = 0, environment = 0, finished = absent, committed = absent, restored = absent;
    bool failed = false;
    for (auto field : object) {
        ondemand::raw_json_string key = field.key();
        if (key == "service")
            service = services.number(field.value().get_string());
        else if (key == "environment")
            environment = environments.number(field.value().get_string());
        else if (key == "finished_at")
            finished = seconds_of(field.value().get_string());
        else if (key == "committed_at")
            committed = seconds_of(field.value().get_string());
        else if (key == "restored_at")
            restored = seconds_of(field.value().get_string());
        else if (key == "failed")
            failed = field.value().get_bool();
    }
    to.service.push_back(service);
    to.environment.push_back(environment);
    to.finished.push_back(finished);
    to.committed.push_back(committed);
    to.restored.push_back(restored);
    to.failed.push_back(failed);
}

uint64_t read(const char *path, Columns &to) {
    static char piece[piece_size + SIMDJSON_PADDING];
    ondemand::parser parser;
    Names services, environments;
    size_t have = 0;
    uint64_t bytes = 0;
    int file = open(path, O_RDONLY);
    if (file < 0)
        quit("cannot open the file");
    for (ssize_t size; (size = ::read(file, piece + have, piece_size - have)) > 0;) {
        bytes += uint64_t(size);
        have += size_t(size);
        const char *newline = static_cast<const char *>(memrchr(piece, '\n', have));
        if (!newline)
            quit("a long line");
        size_t whole = size_t(newline - piece) + 1;
        ondemand::document_stream lines;
        if (parser.iterate_many(piece, whole, piece_size).get(lines))
            quit("no JSON");
        for (auto line : lines)
            take(line.get_object(), to, services, environments);
        std::memmove(piece, piece + whole, have -= whole);
    }
    close(file);
    return bytes;
}

// As bench_measure writes totals: deployments, mean lead time, fail rate, mean recovery.
void write_answer(const char *path, const Columns &columns) {
    double lead = 0, recovery = 0;
    size_t count = columns.service.size(), leads = 0, failures = 0, recoveries = 0;
    for (size_t i = 0; i < count; i++) {
        bool has_lead = columns.committed[i] != absent, recovered = columns.restored[i] != absent;
        lead += has_lead ? double(columns.finished[i]) - columns.committed[i] : 0;
        leads += has_lead;
        failures += columns.failed[i] || recovered;
        recovery += recovered ? double(columns.restored[i]) - columns.finished[i] : 0;
        recoveries += recovered;
    }
    const double row[8] = {
        0, 0, 0, double(count), lead / double(leads), double(failures) / double(count), recovery / double(recoveries),
        -1};
    FILE *file = std::fopen(path, "wb");
    if (!file || std::fwrite(row, sizeof row, 1, file) != 1 || std::fclose(file) != 0)
        quit("cannot write the answer");
}

} // namespace

int main(int count, char **words) try {
    const char *answers = nullptr;
    int repeat = 1;
    if (count < 2)
        quit("FILE [--repeat N] [--answers FILE], or --version");
    if (std::strcmp(words[1], "--version") == 0)
        return std::printf("%d.%d.%d\n", SIMDJSON_VERSION_MAJOR, SIMDJSON_VERSION_MINOR, SIMDJSON_VERSION_REVISION) < 0;
    for (int i = 2; i + 1 < count; i += 2) {
        if (std::strcmp(words[i], "--repeat") == 0)
            repeat = std::atoi(words[i + 1]);
        if (std::strcmp(words[i], "--answers") == 0)
            answers = words[i + 1];
    }
    std::string all;
    double best = 1e300;
    uint64_t bytes = 0;
    size_t records = 0;
    for (int i = 0; i < repeat; i++) {
        Columns columns;
        const auto start = std::chrono::steady_clock::now();
        bytes = read(words[1], columns);
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
        records = columns.service.size();
        best = std::min(best, spent.count());
        all += (i ? ", " : "") + std::to_string(spent.count());
        if (answers && i == 0)
            write_answer(answers, columns);
    }
    std::printf("{\"seconds\": %.9f, \"all_seconds\": [%s], \"records\": %zu, \"bytes\": %llu}\n", best, all.c_str(),
                records, static_cast<unsigned long long>(bytes));
} catch (const simdjson_error &error) {
    quit(error.what());
}
