//! What the demonstration couple has written.

/// Days with check-ins, today included.
pub const DAYS: i64 = 30;

/// Questions: text and theme.
pub const QUESTIONS: &[(&str, &str)] = &[
    ("What made you laugh this week?", "everyday"),
    ("What would you like more of from me?", "us"),
    ("Which place should we see together next?", "travel"),
    ("What were you proud of as a child?", "past"),
    ("How do you want us to spend money this year?", "money"),
    ("What helps you when a day was hard?", "care"),
    ("Which of our habits do you want to keep for ever?", "us"),
    ("우리 다음 여행은 어디로 갈까요?", "travel"),
];

/// Answers by partner: status and text, used in turn.
pub const ANSWERS: [&[(&str, &str)]; 2] = [
    &[
        ("ANSWERED", "The way you read the manual aloud, with voices."),
        ("ANSWERED", "Evenings without a telephone. Even one a week."),
        ("NEEDS_TIME", ""),
        ("ANSWERED", "A boat that I built from cartons. It floated for a whole minute."),
    ],
    &[
        ("ANSWERED", "Le chat qui a pris l’avion en papier pour un oiseau."),
        ("CLARIFY", "Tu penses à la semaine ou aux week-ends ?"),
        ("ANSWERED", "Séoul au printemps, sans hésiter."),
    ],
];

/// A goal with three actions.
pub struct Goal {
    pub title: &'static str,
    pub why: &'static str,
    pub status: &'static str,
    /// Days from today.
    pub due_in: i64,
    /// Text, and whether it is done.
    pub actions: [(&'static str, bool); 3],
}

/// Goals.
pub const GOALS: &[Goal] = &[
    Goal {
        title: "A week in Seoul",
        why: "We have talked about it since our first winter.",
        status: "ACTIVE",
        due_in: 150,
        actions: [("Compare flights", true), ("Ask Jiwon about the neighbourhood", true), ("Book the room", false)],
    },
    Goal {
        title: "Cook together every Sunday",
        why: "It is the hour in which we talk best.",
        status: "ACTIVE",
        due_in: 60,
        actions: [("Choose four recipes", true), ("Buy a second knife", false), ("Invite Lea and Tom once", false)],
    },
    Goal {
        title: "Run ten kilometres",
        why: "For energy, and for the park in the morning.",
        status: "PAUSED",
        due_in: 90,
        actions: [("Three runs a week", false), ("New shoes", true), ("Sign up for the city run", false)],
    },
    Goal {
        title: "Paint the small room",
        why: "So that it is ours and not the landlord's.",
        status: "DONE",
        due_in: -10,
        actions: [("Agree on a colour", true), ("Borrow a ladder", true), ("Paint", true)],
    },
];

/// Notes of check-ins, used in turn; many days have none.
pub const NOTES: &[&str] = &[
    "",
    "Long meeting, short night.",
    "",
    "Walked home along the river.",
    "",
    "",
    "Grand soleil, grande énergie.",
    "",
    "Missed you.",
];

/// Letters, from this month's back.
pub const LETTERS: &[&str] = &[
    "Dear you,\n\nthis month was louder than we had planned, and I liked it. Thank you for the soup, the umbrella, and for waiting.\n\nA.",
    "Mon amour,\n\nje garde de ce mois la promenade sous la pluie et le café d’après. Continuons.\n\nB.",
    "Dear you,\n\n우리의 첫 겨울을 기억해요. Let us go there together.\n\nA.",
];
