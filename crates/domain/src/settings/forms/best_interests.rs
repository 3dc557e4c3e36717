//! The short assessment of a child's best interests: what must be known before anything is decided, in the order in which it is asked.

use super::{Choice, Form, Question, QuestionKind, Strength, any, keys, texts, yes_no};

/// Key, dimension, the answer that is a concern, and what is asked.
const QUESTIONS: [(&str, &str, &str, [&str; 3]); 13] = [
    (
        "safe_now",
        "safety",
        "no",
        [
            "Is the child safe where they are now?",
            "В безопасности ли ребёнок там, где он сейчас?",
            "هل الطفل آمن حيث هو الآن؟",
        ],
    ),
    (
        "threatened",
        "safety",
        "yes",
        ["Does somebody threaten the child?", "Угрожает ли кто-то ребёнку?", "هل يهدد أحد الطفل؟"],
    ),
    (
        "family_reachable",
        "family",
        "no",
        [
            "Is it known where the family is, and can they be reached?",
            "Известно ли, где семья, и можно ли с ней связаться?",
            "هل مكان الأسرة معروف ويمكن الوصول إليها؟",
        ],
    ),
    (
        "family_safe",
        "family",
        "no",
        [
            "Is contact with the family safe for the child?",
            "Безопасен ли для ребёнка контакт с семьёй?",
            "هل الاتصال بالأسرة آمن للطفل؟",
        ],
    ),
    (
        "child_was_heard",
        "wishes",
        "no",
        [
            "Was the child asked what they want, in a language that they speak well?",
            "Спросили ли ребёнка, чего он хочет, на понятном ему языке?",
            "هل سُئل الطفل عمّا يريد بلغة يتقنها؟",
        ],
    ),
    (
        "has_guardian",
        "guardian",
        "no",
        [
            "Is there a guardian who acts for the child?",
            "Есть ли опекун, который действует в интересах ребёнка?",
            "هل للطفل وصي يتصرف من أجله؟",
        ],
    ),
    (
        "needs_care",
        "health",
        "yes",
        [
            "Does the child need a doctor now?",
            "Нужен ли ребёнку сейчас врач?",
            "هل يحتاج الطفل إلى طبيب الآن؟",
        ],
    ),
    (
        "in_distress",
        "health",
        "yes",
        [
            "Is the child in great distress, or has spoken of dying?",
            "Сильно ли страдает ребёнок, говорил ли о смерти?",
            "هل الطفل في ضيق شديد أو تحدث عن الموت؟",
        ],
    ),
    (
        "has_papers",
        "documents",
        "no",
        [
            "Does the child have papers that say who they are?",
            "Есть ли у ребёнка документы, удостоверяющие личность?",
            "هل لدى الطفل أوراق تثبت هويته؟",
        ],
    ),
    (
        "birth_registered",
        "documents",
        "no",
        ["Is the birth registered?", "Зарегистрировано ли рождение?", "هل الولادة مسجلة؟"],
    ),
    (
        "place_tonight",
        "shelter",
        "no",
        [
            "Is there a safe place to sleep tonight?",
            "Есть ли безопасное место для ночлега сегодня?",
            "هل هناك مكان آمن للنوم الليلة؟",
        ],
    ),
    (
        "has_necessities",
        "needs",
        "no",
        [
            "Does the child have food, clothes and what they need today?",
            "Есть ли у ребёнка еда, одежда и необходимое на сегодня?",
            "هل لدى الطفل طعام وملابس وما يحتاجه اليوم؟",
        ],
    ),
    (
        "goes_to_school",
        "needs",
        "no",
        ["Does the child go to school?", "Ходит ли ребёнок в школу?", "هل يذهب الطفل إلى المدرسة؟"],
    ),
];

/// What is recommended: task, side of life, hours.
type Recommended = (&'static str, &'static str, u32);

/// Key, what it is called, and what is recommended.
const DIMENSIONS: [(&str, [&str; 3], Recommended); 8] = [
    ("safety", ["Safety", "Безопасность", "السلامة"], ("safety_plan", "", 2)),
    ("family", ["Family", "Семья", "الأسرة"], ("family_tracing", "guardianship", 72)),
    (
        "wishes",
        ["Wishes of the child", "Желания ребёнка", "رغبات الطفل"],
        ("hear_the_child", "psychosocial", 24),
    ),
    ("guardian", ["Guardian", "Опекун", "الوصي"], ("appoint_guardian", "guardianship", 72)),
    ("health", ["Health", "Здоровье", "الصحة"], ("see_a_doctor", "health", 24)),
    ("documents", ["Papers", "Документы", "الوثائق"], ("obtain_papers", "documents", 14 * 24)),
    ("shelter", ["Shelter", "Жильё", "المأوى"], ("find_a_place", "housing", 4)),
    (
        "needs",
        ["Daily needs", "Насущные нужды", "الاحتياجات اليومية"],
        ("provide_necessities", "community", 24),
    ),
];

/// With whom a child lives, and what that is called; the last three are a concern.
const ARRANGEMENTS: [(&str, [&str; 3]); 8] = [
    ("parents", ["Parents", "Родители", "الوالدان"]),
    ("kinship", ["Relatives", "Родственники", "الأقارب"]),
    ("foster", ["Foster family", "Приёмная семья", "أسرة حاضنة"]),
    ("kafala", ["Kafala", "Кафала", "كفالة"]),
    ("group", ["Group home", "Групповой дом", "بيت جماعي"]),
    ("alone", ["Nobody", "Никто", "لا أحد"]),
    ("stranger", ["Somebody unknown", "Посторонний", "شخص غريب"]),
    ("detained", ["Held in custody", "Под стражей", "محتجز"]),
];

/// The form.
pub(super) fn form() -> Form {
    let question =
        |(key, dimension, counts, said)| yes_no((key, dimension), (counts, Strength::Medium), said);
    let noted = |key: &str, said| Question {
        kind: QuestionKind::Text,
        dimension: None,
        counts: keys(&[]),
        required: false,
        ..yes_no((key, ""), ("", Strength::Weak), said)
    };
    let option = |(key, called): (&str, [&str; 3])| Choice { option: key.to_owned(), titles: texts(called) };
    let arrangement = Question {
        kind: QuestionKind::Choice,
        options: ARRANGEMENTS.into_iter().map(option).collect(),
        counts: keys(&["alone", "stranger", "detained"]),
        ..yes_no(
            ("lives_with", "shelter"),
            ("", Strength::Medium),
            ["With whom does the child live?", "С кем живёт ребёнок?", "مع من يعيش الطفل؟"],
        )
    };
    let wishes = noted(
        "wishes",
        [
            "What does the child want, in their own words?",
            "Чего хочет ребёнок, его словами?",
            "ماذا يريد الطفل بكلماته؟",
        ],
    );
    let reasons =
        noted("reasons", ["What else weighs, and why?", "Что ещё важно и почему?", "ما المهم أيضاً ولماذا؟"]);
    Form {
        form: "best_interests_short".to_owned(),
        titles: texts([
            "Best interests, short form",
            "Наилучшие интересы, краткая форма",
            "المصالح الفضلى، نموذج قصير",
        ]),
        dimensions: DIMENSIONS
            .into_iter()
            .map(|(key, called, step)| any(key, "concern", called, step))
            .collect(),
        questions: QUESTIONS.into_iter().map(question).chain([arrangement, wishes, reasons]).collect(),
        child: keys(&["concern"]),
        adult: keys(&[]),
        needs_approval: true,
        again: None,
        follow_up: None,
    }
}
