//! Surveys are counted: by month and channel, never by counsellor. A few answers say more of the children somebody has talked with than of
//! how well they did, and whoever is counted so picks the children they ask.

use chrono::{Days, NaiveDate};
use helpline_domain::caller::Caller;
use helpline_domain::statistics::suppress;
use helpline_service_kit::{Ctx, Refusal};
use helpline_store::survey::SurveyCount;

use crate::count::{Period, days};
use crate::year::LEAST;

/// What is told: parts, the rest, the whole.
pub(crate) type Told = (Vec<SurveyCount>, Option<SurveyCount>, SurveyCount);

/// The first day of a month and the last of another.
pub(crate) fn of_months(first: NaiveDate, last: NaiveDate) -> Option<Period> {
    let next = last.checked_add_months(chrono::Months::new(1))?;
    Some((first, next.checked_sub_days(Days::new(1))?))
}

/// Counts surveys. Months and channels with few are told together, so that nobody is recognised in a part, nor by subtraction within an
/// answer; what two answers tell that are a month or a survey apart is not hidden.
pub(crate) async fn count(ctx: &Ctx, caller: &Caller, period: Period) -> Result<Told, Refusal> {
    let days = days(ctx, caller, period).await?;
    let found = ctx.store.count_surveys(caller.centre_id, &days).await?;
    let whole = found.iter().fold(SurveyCount::default(), together);
    let key = |one: &SurveyCount| format!("{} {}", one.month, one.channel);
    let told = suppress(found.iter().map(|one| (key(one), one.surveys)).collect(), LEAST).parts;
    let (parts, rest): (Vec<SurveyCount>, Vec<SurveyCount>) =
        found.into_iter().partition(|one| told.iter().any(|(part, _)| *part == key(one)));
    let pooled: Option<SurveyCount> =
        (!rest.is_empty()).then(|| rest.iter().fold(SurveyCount::default(), together));
    let whole = without_few(&parts.iter().chain(&pooled).collect::<Vec<_>>(), whole);
    Ok((parts, pooled, whole))
}

/// The whole without the questions whose result would tell that of the few who answered them in a part.
fn without_few(parts: &[&SurveyCount], mut whole: SurveyCount) -> SurveyCount {
    let few = |answers: fn(&SurveyCount) -> i64| {
        let hidden: i64 = parts.iter().map(|one| answers(one)).filter(|answers| *answers < LEAST).sum();
        (1..LEAST).contains(&hidden)
    };
    let hidden = [
        few(|one| one.helped_answers),
        few(|one| one.recommend_answers),
        few(|one| one.rights_answers),
        few(|one| one.safe_answers),
    ];
    let answers = [
        &mut whole.helped_answers,
        &mut whole.recommend_answers,
        &mut whole.rights_answers,
        &mut whole.safe_answers,
    ];
    for (answers, hidden) in answers.into_iter().zip(hidden) {
        if hidden {
            *answers = 0;
        }
    }
    whole
}

fn together(sum: SurveyCount, one: &SurveyCount) -> SurveyCount {
    let add = |one: i64, other: i64| one.saturating_add(other);
    SurveyCount {
        contacts: add(sum.contacts, one.contacts),
        surveys: add(sum.surveys, one.surveys),
        helped_answers: add(sum.helped_answers, one.helped_answers),
        helped_sum: add(sum.helped_sum, one.helped_sum),
        recommend_answers: add(sum.recommend_answers, one.recommend_answers),
        recommend_yes: add(sum.recommend_yes, one.recommend_yes),
        rights_answers: add(sum.rights_answers, one.rights_answers),
        rights_yes: add(sum.rights_yes, one.rights_yes),
        safe_answers: add(sum.safe_answers, one.safe_answers),
        safe_yes: add(sum.safe_yes, one.safe_yes),
        ..sum
    }
}
