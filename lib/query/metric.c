/* SPDX-License-Identifier: MIT */
/* See metric.h. The order of rows is the order of columns. */
#include "query/metric.h"

#define COUNT(name, sets, event)                                                                                       \
    { name, DORA__SHAPE_COUNT, sets, DORA_UNIT_COUNT, event, 0, 0, 0, false }
#define RATE(name, sets, event, judged)                                                                                \
    { name, DORA__SHAPE_RATE, sets, DORA_UNIT_PER_DAY, event, 0, 0, judged, true }
#define RATIO(name, sets, event, per, evidence, judged)                                                                \
    { name, DORA__SHAPE_RATIO, sets, DORA_UNIT_RATIO, event, per, evidence, judged, true }
#define DISTRIBUTION(name, sets, series, judged)                                                                       \
    { name, DORA__SHAPE_DISTRIBUTION, sets, DORA_UNIT_SECONDS, series, 0, 0, judged, true }
#define SCORE(name, which)                                                                                             \
    { name, DORA__SHAPE_SCORE, DORA | DEPLOYMENT, DORA_UNIT_SCORE, which, 0, 0, 0, false }

enum { DORA = DORA__SET_DORA, DEPLOYMENT = DORA__SET_DEPLOYMENT, RELEASE = DORA__SET_RELEASE };

const struct dora__metric dora__metrics[] = {
    COUNT("deployments", DORA | DEPLOYMENT, DORA__EVENT_DEPLOYMENT),
    {"deployment_days", DORA__SHAPE_COUNT, DEPLOYMENT, DORA_UNIT_DAYS, DORA__EVENT_DAYS, 0, 0, 0, false},
    RATE("deployment_frequency", DORA | DEPLOYMENT, DORA__EVENT_DEPLOYMENT, DORA__JUDGED_FREQUENCY),
    DISTRIBUTION("change_lead_time", DORA | DEPLOYMENT, DORA__LEAD_TIME, DORA__JUDGED_LEAD_TIME),
    DISTRIBUTION("lead_coding", DEPLOYMENT, DORA__LEAD_CODING, 0),
    DISTRIBUTION("lead_pickup", DEPLOYMENT, DORA__LEAD_PICKUP, 0),
    DISTRIBUTION("lead_review", DEPLOYMENT, DORA__LEAD_REVIEW, 0),
    DISTRIBUTION("lead_deploy", DEPLOYMENT, DORA__LEAD_DEPLOY, 0),
    COUNT("failed_deployments", DORA | DEPLOYMENT, DORA__EVENT_FAILED),
    RATIO("change_fail_rate", DORA | DEPLOYMENT, DORA__EVENT_FAILED, DORA__EVENT_DEPLOYMENT, DORA__EVIDENCE_FAILURE,
          DORA__JUDGED_FAIL_RATE),
    DISTRIBUTION("failed_deployment_recovery_time", DORA | DEPLOYMENT, DORA__RECOVERY, DORA__JUDGED_RECOVERY),
    COUNT("open_failures", DORA | DEPLOYMENT, DORA__EVENT_OPEN),
    COUNT("rework_deployments", DORA | DEPLOYMENT, DORA__EVENT_REWORK),
    RATIO("deployment_rework_rate", DORA | DEPLOYMENT, DORA__EVENT_REWORK, DORA__EVENT_DEPLOYMENT,
          DORA__EVIDENCE_REWORK, 0),
    SCORE("score", DORA__SCORE_ALL),
    SCORE("score_throughput", DORA__SCORE_THROUGHPUT),
    SCORE("score_stability", DORA__SCORE_STABILITY),
    DISTRIBUTION("time_to_restore_service", DEPLOYMENT, DORA__RESTORE, DORA__JUDGED_RESTORE),
    COUNT("deployment_attempts", DEPLOYMENT, DORA__EVENT_ATTEMPT),
    RATIO("deployment_success_rate", DEPLOYMENT, DORA__EVENT_DEPLOYMENT, DORA__EVENT_ATTEMPT, 0, 0),
    DISTRIBUTION("deployment_duration", DEPLOYMENT, DORA__DURATION, 0),
    COUNT("rolled_back_deployments", DEPLOYMENT, DORA__EVENT_ROLLED_BACK),
    RATIO("deployment_rollback_rate", DEPLOYMENT, DORA__EVENT_ROLLED_BACK, DORA__EVENT_DEPLOYMENT, 0, 0),
    COUNT("releases", RELEASE, DORA__EVENT_RELEASE),
    RATE("release_frequency", RELEASE, DORA__EVENT_RELEASE, 0),
    DISTRIBUTION("time_to_release", RELEASE, DORA__TIME_TO_RELEASE, 0),
    COUNT("defects", RELEASE, DORA__EVENT_DEFECT),
    {"defects_per_release", DORA__SHAPE_RATIO, RELEASE, DORA_UNIT_PER_RELEASE, DORA__EVENT_DEFECT, DORA__EVENT_RELEASE,
     0, 0, false},
    {"complaints", DORA__SHAPE_SUM, RELEASE, DORA_UNIT_VALUE, DORA__COMPLAINTS, 0, 0, 0, false},
    {"complaints_per_release", DORA__SHAPE_SUM_RATIO, RELEASE, DORA_UNIT_PER_RELEASE, DORA__COMPLAINTS,
     DORA__EVENT_RELEASE, 0, 0, false},
    {"satisfaction", DORA__SHAPE_MEAN, RELEASE, DORA_UNIT_VALUE, DORA__SATISFACTION, 0, 0, 0, false},
    {"adoption", DORA__SHAPE_MEAN, RELEASE, DORA_UNIT_VALUE, DORA__ADOPTION, 0, 0, 0, false},
    COUNT("rolled_back_releases", RELEASE, DORA__EVENT_RELEASE_ROLLED_BACK),
    RATIO("release_rollback_rate", RELEASE, DORA__EVENT_RELEASE_ROLLED_BACK, DORA__EVENT_RELEASE, 0, 0),
    {"release_cycle_efficiency", DORA__SHAPE_EFFICIENCY, RELEASE, DORA_UNIT_RATIO, DORA__CYCLE_ACTIVE,
     DORA__CYCLE_TOTAL, 0, 0, false},
    DISTRIBUTION("release_downtime", RELEASE, DORA__RELEASE_DOWNTIME, 0),
    DISTRIBUTION("release_lag", RELEASE, DORA__RELEASE_LAG, 0),
};
