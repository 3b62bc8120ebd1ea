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
