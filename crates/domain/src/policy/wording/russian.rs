//! Reasons in Russian.

use super::{Label, Phrase, Unit};
use crate::policy::valve::ValveAnswer;
use crate::policy::{ContactRule, CounsellorRule, Note, WaitingCause};

pub(super) const fn say(phrase: Phrase) -> &'static str {
    match phrase {
        Phrase::ContactRule(rule) => match rule {
            ContactRule::CriticalFirst => "Критические обращения принимаются первыми.",
            ContactRule::ResumedFirst => "Сначала те, у кого прервалась связь.",
            ContactRule::EarliestDeadline => "У этого обращения был самый ранний срок ответа.",
        },
        Phrase::CounsellorRule(rule) => match rule {
            CounsellorRule::CareLimit => "У остальных уже было подряд предельное число тяжёлых обращений.",
            CounsellorRule::Preferred => "Этот консультант уже знаком с обращением.",
            CounsellorRule::SpeaksLanguage => {
                "Консультант говорит на этом языке, остальным нужен переводчик."
            }
            CounsellorRule::FewestOtherSkills => {
                "У консультанта меньше всего других навыков и языков: редкие остаются свободными."
            }
            CounsellorRule::LowestLoad => "У консультанта меньше всего открытых обращений этого вида.",
            CounsellorRule::LongestIdle => "Консультант дольше всех оставался без нового обращения.",
            CounsellorRule::OnlyOne => "Больше предложить было некому.",
        },
        Phrase::Note(note) => match note {
            Note::ReserveUsedByCap => {
                "Ожидание достигло предела, поэтому занят консультант из резерва для критических обращений."
            }
            Note::CoolDownLifted => {
                "Консультант недавно отклонил или пропустил это обращение, но больше принять его некому."
            }
            Note::WorkPutAside => {
                "Консультант откладывает ради него другую работу: свободного консультанта для него нет."
            }
            Note::OnCall => "Консультант на вызове: принять обращение в смене некому.",
            Note::CareLimitReached => {
                "У консультанта предельное число тяжёлых обращений подряд, ему нужна пауза."
            }
            Note::ThroughInterpreter => "Консультант работает на этом языке через переводчика.",
        },
        Phrase::Cause(cause) => match cause {
            WaitingCause::NotWaiting => "Обращение не ожидает.",
            WaitingCause::NobodyOnShift => "В смене нет никого, кто мог бы принять обращение.",
            WaitingCause::AllBusy => "Все, кто мог бы принять обращение, заняты или не готовы.",
            WaitingCause::Reserved => "Свободные консультанты оставлены для критических обращений.",
            WaitingCause::CoolDown => "Свободные консультанты недавно отклонили или пропустили обращение.",
            WaitingCause::BeingOffered => "Подошла его очередь.",
            WaitingCause::OthersFirst => "Впереди другие обращения.",
        },
        Phrase::Valve(answer) => match answer {
            ValveAnswer::StretchTarget => {
                "Новым менее срочным обращениям назначается более долгий срок ответа."
            }
            ValveAnswer::OfferCallback => "Предлагается обратный звонок с сохранением места в очереди.",
            ValveAnswer::Overflow => "О помощи просят партнёрскую линию или консультантов на вызове.",
            ValveAnswer::TellHonestly => "Обратившимся честно говорят, что ждать придётся долго.",
        },
        Phrase::Label(label) => match label {
            Label::Ahead => "Впереди в очереди",
            Label::Waited => "Время ожидания",
            Label::EligibleOnShift => "В смене могут принять",
            Label::EligibleFree => "Из них свободны",
            Label::LackingLanguage => "В смене не владеют языком",
            Label::LackingSkill => "В смене не имеют навыка",
            Label::LackingChannel => "В смене не работают с этим каналом",
            Label::ReserveIn => "Резерв станет доступен через",
            Label::OfferedAlsoTo => "Одновременно предложено ещё",
        },
        Phrase::Unit(unit) => match unit {
            Unit::Hours => "ч",
            Unit::Minutes => "мин",
            Unit::Seconds => "с",
        },
    }
}
