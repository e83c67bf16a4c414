//! `locum mcp`: a running server as tools of the Model Context Protocol, for assistants that write
//! and mend clients.
//!
//! Most tools are calls of the control API ([`call`]); what people read in a terminal, assistants get
//! as the same text ([`text`]).

mod call;
mod text;

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
    JsonObject, ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ErrorData, ServerHandler, ServiceExt as _};

use super::remote::RemoteStage;
use super::{Failure, args};

/// What an assistant is told before it calls anything.
const INSTRUCTIONS: &str = "\
locum stands in for vendors' authentication: `vendors` lists them with their endpoints, `environment` \
returns the variables that point a client at them. Run the client, then ask `verdicts` what it does \
wrong, `exchanges` what passed on the wire and why requests were refused, and `explain` what a \
requirement such as EXP-03 says. `turn_clock`, `expire_tokens` and `add_fault` make the hard cases \
happen. A server has to run: `locum serve --detach` starts one.";

/// Speaks on standard input and output until the input ends.
pub(super) fn run(args: &args::Mcp) -> Result<u8, Failure> {
    let tools = Tools::new(RemoteStage::new(&args.server)?);
    super::block_on(async {
        let broken = |error: &dyn std::fmt::Display| {
            Failure::usage(format!("no Model Context Protocol on standard input: {error}"))
                .hint("an assistant starts this command and speaks to it, as docs/ says; people use `locum verdicts`, `locum env`, ...")
        };
        let service = tools.serve(rmcp::transport::stdio()).await;
        let service = service.map_err(|error| broken(&error))?;
        service.waiting().await.map_err(|error| broken(&error))?;
        Ok(0)
    })?
}

/// The tools, on one stage.
struct Tools {
    stage: RemoteStage,
    calls: Vec<call::CallTool>,
}

impl Tools {
    fn new(stage: RemoteStage) -> Self {
        Self {
            stage,
            calls: call::all(),
        }
    }

    async fn called(&self, name: &str, arguments: JsonObject) -> Option<Result<String, Failure>> {
        if let Some(tool) = text::find(name) {
            return Some(tool.run(&self.stage, arguments).await);
        }
        let tool = self.calls.iter().find(|tool| tool.name == name)?;
        Some(tool.run(&self.stage, arguments).await)
    }
}

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("locum", env!("CARGO_PKG_VERSION")))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let calls = self.calls.iter().map(call::CallTool::tool);
        let tools: Vec<Tool> = text::all().chain(calls).collect();
        Ok(ListToolsResult::with_all_items(tools))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let answer = self.called(&request.name, arguments).await;
        let answer = answer.ok_or_else(|| {
            ErrorData::invalid_params(format!("no tool called `{}`", request.name), None)
        })?;
        // What the server refuses is for the assistant to read and to mend, so it is no error of the
        // protocol.
        let result = match answer {
            Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Err(failure) => CallToolResult::error(vec![ContentBlock::text(failure.to_string())]),
        };
        Ok(result.into())
    }
}

/// A tool with the schema of its arguments, which must be an object's.
fn tool(name: &'static str, does: String, schema: JsonObject, reads: bool) -> Tool {
    let annotations = rmcp::model::ToolAnnotations::new()
        .read_only(reads)
        .open_world(false);
    Tool::new(name, does, Arc::new(schema)).with_annotations(annotations)
}
