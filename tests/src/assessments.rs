//! Assessments of cases.

use helpline_proto::casework::v1::{
    AnswerAssessmentApprovalRequest, AnsweredAssessment, AskAssessmentApprovalRequest, Assessment,
    AssessmentAnswer, AssessmentApproval, AssessmentOutcome, CompleteAssessmentRequest, GetAssessmentRequest,
    OverrideAssessmentRequest, ReviseAssessmentRequest, SaveAssessmentRequest, StartAssessmentRequest,
};
use tonic::Status;

use crate::{Actor, request_id};

/// The form by which trafficking is screened for.
pub const SCREENING: &str = "trafficking_screening";
/// The short form of a child's best interests.
pub const BEST_INTERESTS: &str = "best_interests_short";
/// Answers by which a screening of a child is positive.
pub const FOUND: [(&str, &str); 3] =
    [("brought_by_others", "yes"), ("forced_to_serve", "yes"), ("wages_kept", "yes")];

/// Begins an assessment of a child.
pub fn start(case_id: &str, form: &str) -> StartAssessmentRequest {
    StartAssessmentRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        form: form.to_owned(),
        subject: 0,
    }
}

/// Keeps answers, whatever else was saved meanwhile.
pub fn save(assessment_id: &str, answers: &[(&str, &str)]) -> SaveAssessmentRequest {
    let answer = |(question, value): &(&str, &str)| AssessmentAnswer {
        question: (*question).to_owned(),
        value: (*value).to_owned(),
    };
    SaveAssessmentRequest {
        request_id: request_id(),
        assessment_id: assessment_id.to_owned(),
        answers: answers.iter().map(answer).collect(),
        expected_revision: 0,
    }
}

/// Completes a draft, whatever was saved meanwhile.
pub fn complete(assessment_id: &str) -> CompleteAssessmentRequest {
    CompleteAssessmentRequest {
        request_id: request_id(),
        assessment_id: assessment_id.to_owned(),
        expected_revision: 0,
    }
}

/// Begins another in the place of a completed one.
pub fn revise(assessment_id: &str) -> ReviseAssessmentRequest {
    ReviseAssessmentRequest { request_id: request_id(), assessment_id: assessment_id.to_owned() }
}

/// Judges otherwise than what was computed.
pub fn judge(assessment_id: &str, outcome: AssessmentOutcome) -> OverrideAssessmentRequest {
    OverrideAssessmentRequest {
        request_id: request_id(),
        assessment_id: assessment_id.to_owned(),
        outcome: outcome.into(),
        reason: "She told it again in her own language.".to_owned(),
    }
}

/// Asks another to approve.
pub fn ask(assessment_id: &str) -> AskAssessmentApprovalRequest {
    AskAssessmentApprovalRequest {
        request_id: request_id(),
        assessment_id: assessment_id.to_owned(),
        remark: "The family waits.".to_owned(),
    }
}

/// Says whether it is approved.
pub fn answer(
    assessment_id: &str,
    approval: AssessmentApproval,
    approve: bool,
) -> AnswerAssessmentApprovalRequest {
    AnswerAssessmentApprovalRequest {
        request_id: request_id(),
        assessment_id: assessment_id.to_owned(),
        approval: approval.into(),
        approve,
        remark: String::new(),
    }
}

impl Actor {
    /// Begins an assessment of a child.
    ///
    /// # Errors
    /// What was refused.
    pub async fn start_assessment(&self, case_id: &str, form: &str) -> Result<Assessment, Status> {
        let answer = self.assessments().start_assessment(start(case_id, form)).await?;
        Ok(answer.into_inner().assessment.expect("the assessment"))
    }

    /// Keeps answers of a draft.
    ///
    /// # Errors
    /// What was refused.
    pub async fn save_assessment(&self, request: SaveAssessmentRequest) -> Result<Assessment, Status> {
        let answer = self.assessments().save_assessment(request).await?;
        Ok(answer.into_inner().assessment.expect("the assessment"))
    }

    /// Completes a draft.
    ///
    /// # Errors
    /// What was refused.
    pub async fn complete_assessment(&self, assessment_id: &str) -> Result<Assessment, Status> {
        let answer = self.assessments().complete_assessment(complete(assessment_id)).await?;
        Ok(answer.into_inner().assessment.expect("the assessment"))
    }

    /// An assessment with what was asked and answered.
    ///
    /// # Errors
    /// What was refused.
    pub async fn assessment(&self, assessment_id: &str) -> Result<AnsweredAssessment, Status> {
        let request = GetAssessmentRequest { assessment_id: assessment_id.to_owned() };
        let answer = self.assessments().get_assessment(request).await?;
        Ok(answer.into_inner().assessment.expect("the assessment"))
    }

    /// A completed assessment of a child by these answers.
    pub async fn assessed(&self, case_id: &str, form: &str, answers: &[(&str, &str)]) -> Assessment {
        let id = self.start_assessment(case_id, form).await.expect("a draft").assessment_id;
        self.save_assessment(save(&id, answers)).await.expect("answers");
        self.complete_assessment(&id).await.expect("a result")
    }
}
