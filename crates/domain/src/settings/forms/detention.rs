//! Where a child can live who would be held in custody for how they came: from the presumption that nobody is held while any of these
//! is possible.

use super::{Due, Form, Strength, any, keys, texts, yes_no};

/// Key, what it is called, the task that is recommended, and what is asked.
const PLACES: [(&str, [&str; 3], &str, [&str; 3]); 5] = [
    (
        "kinship",
        ["With relatives", "У родственников", "لدى الأقارب"],
        "place_with_relatives",
        [
            "Is there a relative who can and wants to take the child in safely?",
            "Есть ли родственник, который может и хочет безопасно принять ребёнка?",
            "هل هناك قريب يستطيع ويريد إيواء الطفل بأمان؟",
        ],
    ),
    (
        "foster",
        ["With a foster family", "В приёмной семье", "لدى أسرة حاضنة"],
        "place_with_foster_family",
        [
            "Is a foster family ready to take the child in?",
            "Готова ли приёмная семья принять ребёнка?",
            "هل هناك أسرة حاضنة مستعدة لاستقبال الطفل؟",
        ],
    ),
    (
        "kafala",
        ["Kafala", "Кафала", "كفالة"],
        "place_by_kafala",
        ["Is kafala possible for the child?", "Возможна ли для ребёнка кафала?", "هل الكفالة ممكنة للطفل؟"],
    ),
    (
        "supervised_group",
        ["In a supervised group", "В группе с сопровождением", "في مجموعة بإشراف"],
        "place_in_group",
        [
            "Is there a place in a supervised open group?",
            "Есть ли место в открытой группе с сопровождением?",
            "هل هناك مكان في مجموعة مفتوحة بإشراف؟",
        ],
    ),
    (
        "community",
        [
            "In the community, with a case worker",
            "В сообществе, с социальным работником",
            "في المجتمع مع مرشد",
        ],
        "begin_community_care",
        [
            "Could the child live in the community if a case worker sees them often?",
            "Может ли ребёнок жить в сообществе, если его часто навещает социальный работник?",
            "هل يمكن أن يعيش الطفل في المجتمع إذا زاره مرشد كثيراً؟",
        ],
    ),
];

/// The form: positive when there is a place.
pub(super) fn form() -> Form {
    let place = |(key, called, task, _): (&str, [&str; 3], &str, [&str; 3])| {
        any(key, "place", called, (task, "housing", 24))
    };
    let question = |(key, _, _, said): (&str, [&str; 3], &str, [&str; 3])| {
        yes_no((key, key), ("yes", Strength::Medium), said)
    };
    Form {
        form: "detention_alternative".to_owned(),
        titles: texts(["Alternatives to detention", "Альтернативы содержанию под стражей", "بدائل الاحتجاز"]),
        dimensions: PLACES.into_iter().map(place).collect(),
        questions: PLACES.into_iter().map(question).collect(),
        child: keys(&["place"]),
        adult: keys(&[]),
        needs_approval: false,
        again: None,
        follow_up: Some(Due { task: "place_without_detention".to_owned(), within_s: 24 * 3600 }),
    }
}
