# Functions of ggen-sim, for: eval "$(ggen-sim shell-init bash)"
# Works in bash 3.2 and later and in zsh, also under set -euo pipefail. Each call reads the location variables,
# exported or not. Every failure returns 1 and prints the reason on stderr. JSON goes through a pipe, which has no size
# limit.

_ggen_sim_db() {
  DB_PATH="${DB_PATH-}" DB_DIR="${DB_DIR-}" WORKSPACE_DIR="${WORKSPACE_DIR-}" SCRIPT_DIR="${SCRIPT_DIR-}" \
    NODE PROGRAM db "$@" || return 1
}

db_init() { _ggen_sim_db init; }

# db_save_receipt execution_id agent_id agent_type receipt_json [status] [duration_ms]
db_save_receipt() {
  printf '%s' "${4-}" | _ggen_sim_db save-receipt -- "${1-}" "${2-}" "${3-}" - "${5-}" "${6-}"
}

# db_query_receipts [agent_pattern] [format] [limit]
db_query_receipts() { _ggen_sim_db query-receipts --agent="${1-}" -- "" "${2-}" "${3-}"; }

# db_get_receipt receipt_id
db_get_receipt() { _ggen_sim_db get-receipt -- "${1-}"; }

# db_save_memory agent_id agent_type memory_json
db_save_memory() { printf '%s' "${3-}" | _ggen_sim_db save-memory -- "${1-}" "${2-}" -; }

# db_get_memory agent_id
db_get_memory() { _ggen_sim_db get-memory -- "${1-}"; }

# db_query_memory [agent_pattern] [format]
db_query_memory() { _ggen_sim_db query-memory --agent="${1-}" -- "" "${2-}"; }

# db_log_audit agent_id operation status [operation_type] [duration_ms] [details] [error_message]
db_log_audit() {
  _ggen_sim_db log-audit -- "${1-}" "${2-}" "${3-}" "${4-}" "${5-}" "${6-}" "${7-}"
}

# db_query_audit_trail [agent_pattern] [days_back] [limit] [format]
db_query_audit_trail() {
  _ggen_sim_db query-audit-trail --agent="${1-}" --limit="${3-}" --format="${4-}" -- "" "${2-}"
}

# db_export_audit_trail [output_file] [format]
db_export_audit_trail() { _ggen_sim_db export-audit-trail -- "${2-}" "${1-}"; }

# db_export_full_backup [backup_dir]
db_export_full_backup() { _ggen_sim_db backup -- "${1:-./.ggen-backup}"; }

# db_analytics [agent_pattern] [time_period]
db_analytics() { _ggen_sim_db analytics --agent="${1-}" -- "" "${2-}"; }

db_stats() { _ggen_sim_db stats; }

# db_cleanup [days_to_keep]
db_cleanup() { _ggen_sim_db cleanup -- "${1-}"; }

db_reset() { _ggen_sim_db reset --force; }
