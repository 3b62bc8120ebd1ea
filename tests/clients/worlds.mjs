// What people do with each of an app's tables, so that a history can be made up.

/** A field that is always set, one that may be cleared, one of few values, the state with its steps, and what a row begins with. */
export const RECORDS = {
  journal: { needed: "title", free: "content", few: ["mood", ["calm", "glad", "tired"]] },
  task: {
    needed: "jobdesc",
    free: "remarks",
    few: ["priority", ["HIGH", "MEDIUM", "LOW"]],
    start: { jobstatus: "ASSIGNED" },
    steps: { jobstatus: { ASSIGNED: ["INPROGRESS", "STANDBY"], INPROGRESS: ["COMPLETED", "STANDBY"], STANDBY: ["ASSIGNED"], COMPLETED: ["STANDBY"] } },
  },
  ticket: {
    needed: "ticketdesc",
    free: "comments",
    few: ["escalation_level", [1, 2, 3]],
    start: { status: "NEW" },
    steps: { status: { NEW: ["OPEN", "CANCELLED"], OPEN: ["RESOLVED", "ONHOLD"], ONHOLD: ["OPEN"], RESOLVED: ["CLOSED", "OPEN"] } },
  },
};

/** `isOwn`: only its maker may change it. `once`: the column of which there is one row each, a user's where it is their own, and its values
 * where it names no parent. `empty`: what a cleared text is. */
export const COUPLE = {
  goal: { needed: "title", free: "why_for_us", empty: "", few: ["status", ["ACTIVE", "DONE", "PAUSED"]] },
  goal_action: { needed: "text", free: "text", few: ["done", [true, false]] },
  question: { needed: "text", free: "theme", empty: "", few: ["theme", ["us", "money"]], isOwn: true },
  answer: { needed: "text", free: "text", empty: "", few: ["status", ["ANSWERED", "NEEDS_TIME"]], isOwn: true, once: ["question_id"] },
  checkin: { needed: "note", free: "note", empty: "", few: ["mood", [1, 5, 9]], isOwn: true, once: ["date", ["2026-01-05", "2026-01-06", "2026-01-07"]] },
  letter: { needed: "content", free: "content", empty: "", few: ["content", ["Dear", "Dearest"]], once: ["month", ["2026-01", "2026-02"]] },
};
