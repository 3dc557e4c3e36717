//! Arabic, of tasks.

use crate::words::Choice;
use crate::words::task::Words;

pub(super) const WORDS: Words = Words {
    title: "ما يُطلب منكم القيام به",
    one: "المهمة",
    tasks: &[
        ("first_step", "الخطوة الأولى"),
        ("follow_up", "زيارة متابعة"),
        ("visit", "زيارة"),
        ("school_place", "مكان في مدرسة"),
        ("appoint_guardian", "السعي إلى تعيين وصي"),
        ("name_guardian", "تسمية وصي"),
        ("guardianship", "ترتيب الوصاية"),
        ("health_check", "فحص صحي"),
        ("register_birth", "تسجيل الولادة"),
        ("enrol_in_school", "التسجيل في المدرسة"),
        ("social_assessment", "تقييم الوضع الاجتماعي"),
        ("detention_screening", "تقييم الوضع في الاحتجاز"),
        ("detention_review", "مراجعة الاحتجاز"),
        ("place_without_detention", "إيجاد مكان بديل عن الاحتجاز"),
    ],
    domain: "المجال",
    domains: &[
        ("education", "المدرسة والتعلّم"),
        ("psychosocial", "الدعم النفسي والاجتماعي"),
        ("health", "الصحة"),
        ("documents", "الوثائق"),
        ("guardianship", "الوصاية"),
        ("housing", "السكن"),
        ("community", "الحياة في المجتمع"),
    ],
    states: ["غير معروف", "بانتظار جوابكم", "أنتم تقومون بها", "أُنجزت", "لم تعد مطلوبة"],
    due: "مطلوبة قبل",
    note: "ما ينبغي معرفته أيضًا",
    accept: Choice {
        label: "سنقوم بها",
        hint: "سيرى خط المساندة أنكم تولّيتموها.",
        done: "سُجّل: جهتكم ستقوم بالمهمة. شكرًا لكم. أخبرونا هنا عند إنجازها.",
    },
    decline: Choice {
        label: "لا نستطيع القيام بها",
        hint: "سيبحث خط المساندة عن حل آخر، ولن تظهر لكم هذه المهمة بعد ذلك.",
        done: "سُجّل: جهتكم لا تستطيع القيام بالمهمة. سيبحث خط المساندة عن حل آخر.",
    },
    complete: Choice {
        label: "أُنجزت المهمة",
        hint: "قولوا ذلك عندما لا يبقى منها شيء.",
        done: "سُجّل: أُنجزت المهمة. شكرًا لكم.",
    },
};
