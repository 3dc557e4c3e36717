//! Screening for trafficking in persons. Its structure, six dimensions with strong, medium and weak indicators, is that of the
//! operational indicators of ILO and the European Commission; of a child, means are irrelevant (Palermo Protocol, article 3 c).

use super::{Count, Dimension, Due, Form, Question, Strength, keys, texts, yes_no};
use Strength::{Medium, Strong, Weak};

/// Who is asked.
#[derive(Clone, Copy)]
enum Of {
    Both,
    Child,
    Adult,
}

/// Key, elements, and what it is called.
const DIMENSIONS: [(&str, &[&str], [&str; 3]); 7] = [
    (
        "movement",
        &["act"],
        [
            "Recruited, moved or taken in",
            "Вербовка, перевозка или укрывательство",
            "التجنيد أو النقل أو الإيواء",
        ],
    ),
    (
        "deceptive_recruitment",
        &["act", "means"],
        ["Recruited by deception", "Вербовка обманом", "التجنيد بالخداع"],
    ),
    (
        "coercive_recruitment",
        &["act", "means"],
        ["Recruited by force or threat", "Вербовка силой или угрозой", "التجنيد بالقوة أو التهديد"],
    ),
    (
        "vulnerable_recruitment",
        &["act", "means"],
        ["Recruited out of need", "Вербовка с использованием уязвимости", "التجنيد باستغلال الضعف"],
    ),
    ("exploitation", &["purpose"], ["Exploited", "Эксплуатация", "الاستغلال"]),
    ("coercion", &["means"], ["Held by force or threat", "Удержание силой или угрозой", "الإكراه"]),
    (
        "vulnerability",
        &["means"],
        ["Held by dependence", "Удержание через зависимость", "استغلال الضعف في مكان الوجود"],
    ),
];

/// Key, dimension, strength, who is asked, and what.
const INDICATORS: [(&str, &str, Strength, Of, [&str; 3]); 29] = [
    (
        "brought_by_others",
        "movement",
        Strong,
        Of::Both,
        [
            "Did somebody else arrange that the person came, or take them in, in order to use them?",
            "Организовал ли кто-то приезд человека или приютил его, чтобы использовать?",
            "هل رتّب أحد مجيء الشخص أو آواه من أجل استغلاله؟",
        ],
    ),
    (
        "lied_about_work",
        "deceptive_recruitment",
        Strong,
        Of::Both,
        [
            "Was the person told something untrue about what they would do there?",
            "Говорили ли человеку неправду о том, чем он будет заниматься?",
            "هل قيل للشخص كلام غير صحيح عمّا سيفعله هناك؟",
        ],
    ),
    (
        "lied_about_pay",
        "deceptive_recruitment",
        Medium,
        Of::Both,
        [
            "Was something untrue said about pay, hours or lodging?",
            "Говорили ли неправду об оплате, часах работы или жилье?",
            "هل قيل كلام غير صحيح عن الأجر أو الساعات أو السكن؟",
        ],
    ),
    (
        "lied_about_school",
        "deceptive_recruitment",
        Medium,
        Of::Child,
        [
            "Was school or a family promised that did not come true?",
            "Обещали ли школу или семью, чего не случилось?",
            "هل وُعد الطفل بمدرسة أو أسرة ولم يتحقق الوعد؟",
        ],
    ),
    (
        "lied_about_papers",
        "deceptive_recruitment",
        Weak,
        Of::Both,
        [
            "Was something untrue said about papers or the right to stay?",
            "Говорили ли неправду о документах или праве на пребывание?",
            "هل قيل كلام غير صحيح عن الأوراق أو حق الإقامة؟",
        ],
    ),
    (
        "taken_by_force",
        "coercive_recruitment",
        Strong,
        Of::Both,
        [
            "Was the person taken against their will?",
            "Увезли ли человека против его воли?",
            "هل أُخذ الشخص رغماً عنه؟",
        ],
    ),
    (
        "threatened_to_go",
        "coercive_recruitment",
        Medium,
        Of::Both,
        [
            "Was the person or their family threatened so that they would go?",
            "Угрожали ли человеку или его семье, чтобы он поехал?",
            "هل هُدّد الشخص أو أسرته كي يذهب؟",
        ],
    ),
    (
        "owed_for_journey",
        "coercive_recruitment",
        Medium,
        Of::Both,
        [
            "Did the person have to go because of a debt, or owe for the journey?",
            "Пришлось ли ехать из-за долга или остаться должным за дорогу?",
            "هل اضطر الشخص إلى الذهاب بسبب دين أو صار مديناً بثمن الرحلة؟",
        ],
    ),
    (
        "papers_taken_before",
        "coercive_recruitment",
        Weak,
        Of::Both,
        [
            "Were the papers taken away before or during the journey?",
            "Забрали ли документы до поездки или в пути?",
            "هل أُخذت الأوراق قبل الرحلة أو أثناءها؟",
        ],
    ),
    (
        "given_by_family",
        "vulnerable_recruitment",
        Strong,
        Of::Child,
        [
            "Was the child given to somebody for money, goods or a favour?",
            "Отдали ли ребёнка кому-то за деньги, вещи или услугу?",
            "هل أُعطي الطفل لأحد مقابل مال أو سلع أو خدمة؟",
        ],
    ),
    (
        "need_was_used",
        "vulnerable_recruitment",
        Medium,
        Of::Both,
        [
            "Did the recruiter make use of hardship in the family?",
            "Воспользовался ли вербовщик нуждой в семье?",
            "هل استغل من جنّده ضيق حال الأسرة؟",
        ],
    ),
    (
        "was_alone",
        "vulnerable_recruitment",
        Medium,
        Of::Both,
        [
            "Was the person alone, without anybody to turn to?",
            "Был ли человек один, без тех, к кому обратиться?",
            "هل كان الشخص وحيداً لا يجد من يلجأ إليه؟",
        ],
    ),
    (
        "knew_no_law",
        "vulnerable_recruitment",
        Weak,
        Of::Both,
        [
            "Did the recruiter rely on the person not knowing language, law or place?",
            "Рассчитывал ли вербовщик на незнание языка, закона или места?",
            "هل اعتمد من جنّده على جهل الشخص باللغة أو القانون أو المكان؟",
        ],
    ),
    (
        "sexual_exploitation",
        "exploitation",
        Strong,
        Of::Both,
        [
            "Does somebody else gain from sexual acts with or pictures of the person?",
            "Получает ли кто-то выгоду от сексуальных действий с человеком или его изображений?",
            "هل ينتفع أحد من أفعال جنسية مع الشخص أو من صور له؟",
        ],
    ),
    (
        "forced_to_serve",
        "exploitation",
        Strong,
        Of::Both,
        [
            "Must the person work, beg or steal for somebody, whether they want or not?",
            "Заставляют ли работать, просить милостыню или красть для кого-то?",
            "هل يُجبر على العمل أو التسول أو السرقة لصالح أحد؟",
        ],
    ),
    (
        "harmful_child_work",
        "exploitation",
        Strong,
        Of::Child,
        [
            "Does the work harm the child or keep them from school?",
            "Вредит ли работа ребёнку или мешает школе?",
            "هل يضر العمل بالطفل أو يمنعه من المدرسة؟",
        ],
    ),
    (
        "wages_kept",
        "exploitation",
        Strong,
        Of::Both,
        [
            "Are the earnings kept back or taken by somebody else?",
            "Удерживают ли или забирают заработок?",
            "هل تُحجز الأجرة أو يأخذها غيره؟",
        ],
    ),
    (
        "no_rest",
        "exploitation",
        Medium,
        Of::Both,
        [
            "Are the days too long, or is there no day of rest?",
            "Слишком длинный рабочий день или нет выходных?",
            "هل أيام العمل أطول مما ينبغي أو بلا يوم راحة؟",
        ],
    ),
    (
        "contract_replaced",
        "exploitation",
        Medium,
        Of::Adult,
        [
            "Was the contract replaced by a worse one?",
            "Заменили ли договор на худший?",
            "هل استُبدل العقد بعقد أسوأ؟",
        ],
    ),
    (
        "poor_lodging",
        "exploitation",
        Weak,
        Of::Both,
        ["Is the lodging unfit to live in?", "Непригодно ли жильё для жизни?", "هل السكن غير صالح للعيش؟"],
    ),
    (
        "papers_kept",
        "coercion",
        Strong,
        Of::Both,
        ["Does somebody keep the papers?", "Держит ли кто-то документы у себя?", "هل يحتفظ أحد بالأوراق؟"],
    ),
    (
        "confined",
        "coercion",
        Strong,
        Of::Both,
        [
            "Is the person locked in, or not allowed to leave?",
            "Заперт ли человек или ему не дают уйти?",
            "هل الشخص محبوس أو ممنوع من المغادرة؟",
        ],
    ),
    (
        "violence",
        "coercion",
        Strong,
        Of::Both,
        [
            "Is there violence, or are the person or their family threatened with it?",
            "Есть ли насилие или угрозы человеку или семье?",
            "هل هناك عنف أو تهديد به للشخص أو لأسرته؟",
        ],
    ),
    (
        "watched",
        "coercion",
        Medium,
        Of::Both,
        [
            "Is the person watched all the time?",
            "Следят ли за человеком постоянно?",
            "هل يُراقَب الشخص طوال الوقت؟",
        ],
    ),
    (
        "no_telephone",
        "coercion",
        Medium,
        Of::Both,
        [
            "Is the telephone taken away or controlled?",
            "Отобрали ли телефон или контролируют его?",
            "هل أُخذ الهاتف أو يتحكم به غيره؟",
        ],
    ),
    (
        "debt_that_grows",
        "coercion",
        Medium,
        Of::Both,
        [
            "Is there a debt that cannot be worked off?",
            "Есть ли долг, который нельзя отработать?",
            "هل هناك دين لا يمكن سداده بالعمل؟",
        ],
    ),
    (
        "isolated",
        "vulnerability",
        Medium,
        Of::Both,
        [
            "Is the person cut off from people whom they trust?",
            "Отрезан ли человек от тех, кому доверяет?",
            "هل الشخص معزول عمّن يثق بهم؟",
        ],
    ),
    (
        "fears_authorities",
        "vulnerability",
        Medium,
        Of::Both,
        [
            "Does somebody make use of the person's fear of the authorities?",
            "Пользуется ли кто-то страхом человека перед властями?",
            "هل يستغل أحد خوف الشخص من السلطات؟",
        ],
    ),
    (
        "depends_in_all",
        "vulnerability",
        Medium,
        Of::Both,
        [
            "Do food, lodging and everything else depend on who uses them?",
            "Зависят ли еда, жильё и всё прочее от того, кто их использует?",
            "هل يعتمد في الطعام والسكن وكل شيء على من يستغله؟",
        ],
    ),
];

/// The form: again within 72 h, because much is said only at the second time.
pub(super) fn form() -> Form {
    let dimension = |(key, elements, called): (&str, &[&str], [&str; 3])| Dimension {
        dimension: key.to_owned(),
        titles: texts(called),
        elements: keys(elements),
        found_from: if key == "movement" {
            vec![Count { strong: 1, ..Count::default() }]
        } else {
            // Two strong, one strong and another, three medium, two medium and one weak.
            vec![Count { strong: 1, medium: 0, weak: 1 }, Count { strong: 0, medium: 2, weak: 1 }]
        },
        steps: Vec::new(),
    };
    let indicator = |(key, dimension, strength, of, said): (&str, &str, Strength, Of, [&str; 3])| Question {
        child: matches!(of, Of::Both | Of::Child),
        adult: matches!(of, Of::Both | Of::Adult),
        required: false,
        ..yes_no((key, dimension), ("yes", strength), said)
    };
    Form {
        form: "trafficking_screening".to_owned(),
        titles: texts(["Screening for trafficking", "Скрининг на торговлю людьми", "فحص الاتجار بالأشخاص"]),
        dimensions: DIMENSIONS.into_iter().map(dimension).collect(),
        questions: INDICATORS.into_iter().map(indicator).collect(),
        child: keys(&["act", "purpose"]),
        adult: keys(&["act", "means", "purpose"]),
        needs_approval: false,
        again: Some(Due { task: "repeat_screening".to_owned(), within_s: 72 * 3600 }),
        follow_up: Some(Due { task: "positive_screening".to_owned(), within_s: 24 * 3600 }),
    }
}
