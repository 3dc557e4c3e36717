//! The reasons of a decision, as stable keys.

/// Why a contact was next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ContactRule {
    /// Critical contacts come before all others.
    CriticalFirst,
    /// Who was cut off comes first.
    ResumedFirst,
    /// The earliest deadline.
    EarliestDeadline,
}

impl ContactRule {
    /// Every rule.
    pub const ALL: [Self; 3] = [Self::CriticalFirst, Self::ResumedFirst, Self::EarliestDeadline];

    /// The stable key of the rule.
    pub const fn key(self) -> &'static str {
        match self {
            Self::CriticalFirst => "critical_first",
            Self::ResumedFirst => "resumed_first",
            Self::EarliestDeadline => "earliest_deadline",
        }
    }
}

/// Why a counsellor was chosen: what decided against the next best.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CounsellorRule {
    /// Has not had as many severe contacts in a row as is right, unlike the others.
    CareLimit,
    /// Knows the contact.
    Preferred,
    /// Speaks the language; the others need an interpreter.
    SpeaksLanguage,
    /// Has the fewest skills and languages beyond what was asked for.
    FewestOtherSkills,
    /// Holds the least on the medium.
    LowestLoad,
    /// Has been idle longest.
    LongestIdle,
    /// Nobody else could be offered it.
    OnlyOne,
}

impl CounsellorRule {
    /// Every rule.
    pub const ALL: [Self; 7] = [
        Self::CareLimit,
        Self::Preferred,
        Self::SpeaksLanguage,
        Self::FewestOtherSkills,
        Self::LowestLoad,
        Self::LongestIdle,
        Self::OnlyOne,
    ];

    /// The stable key of the rule.
    pub const fn key(self) -> &'static str {
        match self {
            Self::CareLimit => "care_limit",
            Self::Preferred => "preferred",
            Self::SpeaksLanguage => "speaks_language",
            Self::FewestOtherSkills => "fewest_other_skills",
            Self::LowestLoad => "lowest_load",
            Self::LongestIdle => "longest_idle",
            Self::OnlyOne => "only_one",
        }
    }
}

/// A rule that was lifted for a pair, or what somebody should know about it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Note {
    /// It had waited for the cap and took one of the reserve.
    ReserveUsedByCap,
    /// The counsellor had declined or missed it a moment ago, and nobody else could take it.
    CoolDownLifted,
    /// The counsellor puts work aside for it: nobody on shift who is free can take it.
    WorkPutAside,
    /// The counsellor is on call: nobody on shift can take it.
    OnCall,
    /// The counsellor has had as many severe contacts in a row as is right, and nobody else was free.
    CareLimitReached,
    /// The counsellor serves the language through an interpreter.
    ThroughInterpreter,
}

impl Note {
    /// Every note.
    pub const ALL: [Self; 6] = [
        Self::ReserveUsedByCap,
        Self::CoolDownLifted,
        Self::WorkPutAside,
        Self::OnCall,
        Self::CareLimitReached,
        Self::ThroughInterpreter,
    ];

    /// The stable key of the note.
    pub const fn key(self) -> &'static str {
        match self {
            Self::ReserveUsedByCap => "reserve_used_by_cap",
            Self::CoolDownLifted => "cool_down_lifted",
            Self::WorkPutAside => "work_put_aside",
            Self::OnCall => "on_call",
            Self::CareLimitReached => "care_limit_reached",
            Self::ThroughInterpreter => "through_interpreter",
        }
    }
}
