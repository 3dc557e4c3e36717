//! Reasons in Arabic.

use super::{Label, Phrase, Unit};
use crate::policy::valve::ValveAnswer;
use crate::policy::{ContactRule, CounsellorRule, Note, WaitingCause};

pub(super) const fn say(phrase: Phrase) -> &'static str {
    match phrase {
        Phrase::ContactRule(rule) => match rule {
            ContactRule::CriticalFirst => "الحالات الحرجة تأتي أولًا.",
            ContactRule::ResumedFirst => "الأولوية لمن انقطع اتصاله.",
            ContactRule::EarliestDeadline => "كان موعد الرد عليه هو الأقرب.",
        },
        Phrase::CounsellorRule(rule) => match rule {
            CounsellorRule::CareLimit => "بلغ الآخرون الحد المناسب من الحالات الشديدة المتتالية.",
            CounsellorRule::Preferred => "هذا المستشار يعرف الحالة.",
            CounsellorRule::SpeaksLanguage => "المستشار يتحدث اللغة، والآخرون يحتاجون إلى مترجم.",
            CounsellorRule::FewestOtherSkills => {
                "لدى المستشار أقل المهارات واللغات الأخرى، فتبقى النادرة منها متاحة."
            }
            CounsellorRule::LowestLoad => "لدى المستشار أقل عدد من الحالات المفتوحة من هذا النوع.",
            CounsellorRule::LongestIdle => "مضى على المستشار أطول وقت دون حالة جديدة.",
            CounsellorRule::OnlyOne => "لم يكن هناك غيره ممن يمكن عرض الحالة عليه.",
        },
        Phrase::Note(note) => match note {
            Note::ReserveUsedByCap => {
                "بلغ الانتظار حده الأقصى، فأُسندت إلى أحد المستشارين المحجوزين للحالات الحرجة."
            }
            Note::CoolDownLifted => "رفضها المستشار أو فاتته قبل قليل، لكن لا يوجد غيره لاستقبالها.",
            Note::WorkPutAside => "يؤجل المستشار عملًا آخر من أجلها: لا يوجد مستشار متفرغ يستطيع استقبالها.",
            Note::OnCall => "المستشار متاح عند الطلب: لا أحد في الوردية يستطيع استقبالها.",
            Note::CareLimitReached => "بلغ المستشار حد الحالات الشديدة المتتالية ويحتاج إلى استراحة.",
            Note::ThroughInterpreter => "يقدم المستشار الخدمة بهذه اللغة عن طريق مترجم.",
        },
        Phrase::Cause(cause) => match cause {
            WaitingCause::NotWaiting => "الحالة ليست في الانتظار.",
            WaitingCause::NobodyOnShift => "لا أحد في الوردية يستطيع استقبال الحالة.",
            WaitingCause::AllBusy => "كل من يستطيع استقبال الحالة مشغول أو غير جاهز.",
            WaitingCause::Reserved => "المتاحون الآن محجوزون للحالات الحرجة.",
            WaitingCause::CoolDown => "المتاحون الآن رفضوا الحالة أو فاتتهم قبل قليل.",
            WaitingCause::BeingOffered => "حان دور الحالة.",
            WaitingCause::OthersFirst => "أمامها حالات أخرى.",
        },
        Phrase::Valve(answer) => match answer {
            ValveAnswer::StretchTarget => "تُمنح الحالات الجديدة الأقل إلحاحًا مدة انتظار مستهدفة أطول.",
            ValveAnswer::OfferCallback => "تُعرض معاودة الاتصال مع حفظ الدور.",
            ValveAnswer::Overflow => "تُطلب المساعدة من خط شريك أو من المستشارين المتاحين عند الطلب.",
            ValveAnswer::TellHonestly => "يُقال لمن يتصل بصراحة إن الانتظار سيطول.",
        },
        Phrase::Label(label) => match label {
            Label::Ahead => "قبلها في الدور",
            Label::Waited => "مدة الانتظار",
            Label::EligibleOnShift => "في الوردية ممن يستطيع استقبالها",
            Label::EligibleFree => "المتاح منهم الآن",
            Label::LackingLanguage => "في الوردية ممن لا يتحدث اللغة",
            Label::LackingSkill => "في الوردية ممن تنقصه المهارة",
            Label::LackingChannel => "في الوردية ممن لا يخدم هذه القناة",
            Label::ReserveIn => "يمكن استخدام المحجوزين بعد",
            Label::OfferedAlsoTo => "عُرضت في الوقت نفسه على آخرين",
        },
        Phrase::Unit(unit) => match unit {
            Unit::Hours => "س",
            Unit::Minutes => "د",
            Unit::Seconds => "ث",
        },
    }
}
