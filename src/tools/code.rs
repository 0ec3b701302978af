//! The closed list of words that say why a call failed: the same in the reply, the audit record and the metrics.

use super::spec::Effect;

/// Whether the same call may simply be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Retry {
    Never,
    /// Only where the tool reads: a write may have happened.
    Reads,
    Always,
}

macro_rules! codes {
    ($($variant:ident $word:literal $retry:ident)*) => {
        /// Why a call failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Code {
            $(#[doc = concat!("`", $word, "`")] $variant,)*
        }

        impl Code {
            /// Every code there is, in the order of the documentation.
            pub(crate) const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The word a client reads.
            pub(crate) fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $word,)* }
            }

            fn retry(self) -> Retry {
                match self { $(Code::$variant => Retry::$retry,)* }
            }
        }
    };
}

codes! {
    UnknownArgument "unknown_argument" Never
    MissingArgument "missing_argument" Never
    InvalidArgument "invalid_argument" Never
    ConflictingArguments "conflicting_arguments" Never
    ToolScopeDenied "tool_scope_denied" Never
    RouterScopeDenied "router_scope_denied" Never
    ReadOnly "read_only" Never
    RateLimited "rate_limited" Always
    Overloaded "overloaded" Always
    AuditUnavailable "audit_unavailable" Always
    RedactedMarker "redacted_marker" Never
    Blocked "blocked" Never
    UnsupportedPipe "unsupported_pipe" Never
    InteractiveCommand "interactive_command" Never
    ConfirmationTokenRequired "confirmation_token_required" Never
    ConfirmationTokenInvalid "confirmation_token_invalid" Never
    ConfirmationPlanDrift "confirmation_plan_drift" Never
    ConfirmationCapacityExceeded "confirmation_capacity_exceeded" Never
    ConfirmationUnavailable "confirmation_unavailable" Never
    Declined "declined" Never
    OuterTimeout "outer_timeout" Reads
    Cancelled "cancelled" Never
    Internal "internal" Never

    UnknownRouter "unknown_router" Never
    RouterDisabled "router_disabled" Never
    KeyFileMissing "key_file_missing" Never
    ConnectTimeout "connect_timeout" Always
    ConnectFailed "connect_failed" Always
    JumpHostFailed "jump_host_failed" Always
    AuthFailed "auth_failed" Never
    HostKeyUnknown "host_key_unknown" Never
    HostKeyMismatch "host_key_mismatch" Never
    HostKeyRevoked "host_key_revoked" Never
    KnownHostsMissing "known_hosts_missing" Never
    SessionLimit "session_limit" Always
    RouterBusy "router_busy" Always
    SessionLost "session_lost" Reads
    ReplyMalformed "reply_malformed" Never
    ReplyTooLarge "reply_too_large" Never
    SyntaxError "syntax_error" Never
    RpcUnsupported "rpc_unsupported" Never
    PermissionDenied "permission_denied" Never
    DeviceError "device_error" Never

    ConfigLocked "config_locked" Always
    CandidateDirty "candidate_dirty" Always
    CandidateInUse "candidate_in_use" Always
    ConfigLoadFailed "config_load_failed" Never
    ConfigInvalid "config_invalid" Never
    CheckFailed "check_failed" Never
    CommitRejected "commit_rejected" Never
    CommitUnknown "commit_unknown" Never
    VerifyFailed "verify_failed" Never
    CommitConfirmedActive "commit_confirmed_active" Never
    NoPendingCommit "no_pending_commit" Never
    ConfirmMismatch "confirm_mismatch" Never
    BlocklistCheckFailed "blocklist_check_failed" Never
    CandidateCleanupFailed "candidate_cleanup_failed" Never

    TemplateSyntax "template_syntax" Never
    TemplateVars "template_vars" Never
    TemplateUndefined "template_undefined" Never
    TemplateRender "template_render" Never
    TemplateLimit "template_limit" Never

    InventoryReadonly "inventory_readonly" Never
    InventoryChanged "inventory_changed" Never
    InventoryInvalid "inventory_invalid" Never
    InventoryEmpty "inventory_empty" Never
    InventoryWriteFailed "inventory_write_failed" Never
    BadInventoryPath "bad_inventory_path" Never
    BlocklistWeakened "blocklist_weakened" Never
    DeviceExists "device_exists" Never
    PasswordAuthNotAllowed "password_auth_not_allowed" Never

    BadSourcePath "bad_source_path" Never
    BadRemotePath "bad_remote_path" Never
    SourceMissing "source_missing" Never
    RemoteFileMissing "remote_file_missing" Never
    InsufficientDisk "insufficient_disk" Never
    InsufficientLocalDisk "insufficient_local_disk" Never
    DestExistsDiffers "dest_exists_differs" Never
    LocalDestExistsDiffers "local_dest_exists_differs" Never
    ScpFailed "scp_failed" Never
    VerifyMismatch "verify_mismatch" Never
    FetchVerifyMismatch "fetch_verify_mismatch" Never
    RenameFailed "rename_failed" Never
    DeviceProbeFailed "device_probe_failed" Never
    UnsupportedAuth "unsupported_auth" Never
    ClusterUnsupported "cluster_unsupported" Never
    MultiReUnsupported "multi_re_unsupported" Never
    InstallPending "install_pending" Never
    InstallFailed "install_failed" Never
    InstallTimeout "install_timeout" Never
    RebootTimeout "reboot_timeout" Never
    PostverifyMismatch "postverify_mismatch" Never
    UpgradeOuterTimeout "upgrade_outer_timeout" Never

    LicenseInactive "license_inactive" Never
    SignaturesServerUnreachable "signatures_server_unreachable" Never
    NoRollbackTarget "no_rollback_target" Never
    NoUninstallTarget "no_uninstall_target" Never
    DownloadFailed "download_failed" Never
    ClusterDesynced "cluster_desynced" Never
    PostInstallVersionMismatch "post_install_version_mismatch" Never
    PollTimeout "poll_timeout" Never
    DaemonNotReady "daemon_not_ready" Never
    BundlePerRouterContention "bundle_per_router_contention" Never
    BundleStagingFull "bundle_staging_full" Never
    BundleStagingEvicted "bundle_staging_evicted" Never
    BundleConfigCaptureFailed "bundle_config_capture_failed" Never
    BundleRpcSubsetFailed "bundle_rpc_subset_failed" Never
    RedactionRequired "redaction_required" Never

    OutputNotFound "output_not_found" Never
    JobNotFound "job_not_found" Never
    NotCancellable "not_cancellable" Never
}

impl Code {
    /// The code of a word from a lower layer; an unlisted word is a mistake of ours.
    pub(crate) fn from_word(word: &str) -> Code {
        let known = Code::ALL.iter().copied().find(|code| code.as_str() == word);
        debug_assert!(
            known.is_some(),
            "a lower layer used the code '{word}', which is not listed"
        );
        known.unwrap_or(Code::Internal)
    }

    /// Whether repeating the same call may succeed without anybody changing anything.
    pub(crate) fn retryable(self, effect: Effect) -> bool {
        match self.retry() {
            Retry::Never => false,
            Retry::Reads => effect == Effect::Read,
            Retry::Always => true,
        }
    }

    /// Whether the call was refused by a rule or a person before any work was done.
    ///
    /// Such calls say nothing about the health of routers, so success rates leave them out.
    pub(crate) fn is_refusal(self) -> bool {
        matches!(
            self,
            Code::UnknownArgument
                | Code::MissingArgument
                | Code::InvalidArgument
                | Code::ConflictingArguments
                | Code::ToolScopeDenied
                | Code::RouterScopeDenied
                | Code::ReadOnly
                | Code::RedactedMarker
                | Code::Blocked
                | Code::UnsupportedPipe
                | Code::InteractiveCommand
                | Code::Declined
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn words_are_unique_and_snake_case() {
        let words: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(
            words
                .iter()
                .all(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
        );
    }

    #[test]
    fn a_timeout_is_retryable_only_where_the_tool_reads() {
        assert!(Code::OuterTimeout.retryable(Effect::Read));
        assert!(!Code::OuterTimeout.retryable(Effect::Write));
        assert!(Code::ConnectFailed.retryable(Effect::Destroy));
        assert!(!Code::AuthFailed.retryable(Effect::Read));
    }
}
