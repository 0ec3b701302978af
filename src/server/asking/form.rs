//! A question as the protocol writes it.

use rmcp::model::{ElicitRequest, ElicitRequestParams, ElicitationSchema};

use crate::app::Question;

/// The request that puts the form of a question before a person.
pub(super) fn request(question: &Question) -> ElicitRequest {
    let requested_schema: ElicitationSchema = serde_json::from_value(question.form.clone())
        .expect("forms are objects of plain members, as a test of each shows");
    ElicitRequest::new(ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: question.message.clone(),
        requested_schema,
    })
}
