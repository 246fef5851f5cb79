/* SPDX-License-Identifier: MIT */
/*
 * Forgetting: a state that stays small, however long a history becomes. What lies before a day is kept as samples,
 * which is all that a report needs of it.
 *
 *     dora_engine_load_file(engine, "all.dora", NULL, &error);
 *     dora_engine_compact(engine, "2024-01-01", &error);
 *     dora_engine_save_file(engine, "all.dora", &error);
 */
#ifndef DORA_COMPACT_H
#define DORA_COMPACT_H

#include <dora/dora.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Forgets what happened before a day ("2024-01-01", in the engine's time zone): facts that nothing later can change are
 * reduced to their samples by service and day. Nothing that is asked of the engine gives another answer than before,
 * and facts that it accepts later give what they would have given. What is unfinished stays as it is, with what it
 * hangs on: deployments in progress, open incidents, changes not yet deployed, releases not yet released; so do the
 * last deployment of each service, on which a later incident may be blamed, and facts about services.
 *
 * From then on a fact is too late that belongs to an earlier day, or that has or names a forgotten id, of which 128
 * bits are kept; docs/forgetting.md has the rules. dora_engine_add() says so with TOO_LATE, readers reject the record;
 * both count it in dora_account.too_late. A record that says nothing new of a fact that is still there is taken.
 *
 * The options production, time_zone and attribution_us are part of what is kept: an engine that loads such a state
 * takes over those that its caller left alone, and refuses it (ARGUMENT) where others were given. It can be compacted
 * again, by the same day or a later one. Only states of the same day and options merge: copies of one, each with what
 * came later, or such as have no forgotten service or id in common; others are refused (STATE). dora_engine_facts() is
 * refused, since the facts are gone; a mark made before says of everything that it may have moved.
 *
 * Errors: ARGUMENT (no date; an earlier day than before; changes by time or inferred rollbacks, by which what comes
 * later restates the past), MEMORY, LIMIT, CANCELLED; on failure the engine is as it was. Readers of the engine are to
 * be freed first. O(facts log facts), and about twice the engine's memory meanwhile.
 */
DORA_API dora_status dora_engine_compact(dora_engine *engine, const char *before, dora_error *error);

#ifdef __cplusplus
}
#endif

#endif
