"""The table of abilities, and for each the tests that prove it."""

from __future__ import annotations

import ast
import functools
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[2]
QUICK, CLUB = "tests/seeds/test_quickstarts.py", "tests/seeds/test_club.py"
ROUTING, REQUESTS = "tests/seeds/test_routing_rules.py", "tests/seeds/test_request_response.py"
ERRORS, ROUTERS = "tests/seeds/test_error_rules.py", "tests/seeds/test_router_rules.py"
CONTEXTS, WRAPPERS = "tests/seeds/test_contexts_hooks.py", "tests/test_wrappers.py"
SESSIONS, HELPERS, JSON = "tests/test_sessions.py", "tests/test_helpers.py", "tests/test_json.py"
CONFIG, SIGNALS, TEMPLATES = "tests/test_config.py", "tests/test_signals.py", "tests/test_templating.py"
CLI, CLIENT, SERVING = "tests/cli/test_cli_", "tests/testing/test_client.py", "tests/test_deployment.py"
ASYNC, ASGI, LOGGING = "tests/test_async.py", "tests/test_asgi.py", "tests/test_logging.py"

# Number, ability, and where it is proved: a file with names of tests, or a page of the documentation, whose code runs.
ROWS = [
    (1, "converters, several rules, endpoint=, catch-all", (QUICK, "variable_rules"),
        (ROUTING, "several_rules_lead_to_one_resource", "a_rule_may_catch_the_rest")),
    (2, "own converters", (ROUTING, "converters_may_be_ones_own"), (CLUB, "notices")),
    (3, "unique URLs", (QUICK, "unique_urls"), (ROUTING, "slashes_per_rule_and_per_map")),
    (4, "defaults, build_only, redirect_to, url_rule_class, url_map", (ROUTING,
        "defaults_redirect_to_the_shorter_form", "rules_that_only_build_or_only_redirect", "a_rule_class_of_ones_own")),
    (5, "url_for with all options, inside and outside of requests", (QUICK, "url_building", "urls_below_a_prefix"),
        (ROUTING, "urls_with_all_options", "urls_outside_of_requests_need_a_server_name")),
    (6, "relative endpoints, url_build_error_handlers", (ROUTING, "endpoints_relative_to_the_router",
        "urls_of_others_are_built_by_handlers"), (HELPERS, "url_for_relative_to_a_router")),
    (7, "url_defaults and url_value_preprocessor", (ROUTING, "url_processors_of_the_application"), (CLUB, "languages")),
    (8, "HEAD follows GET", (ROUTING, "head_follows_get"), (QUICK, "methods")),
    (9, "automatic OPTIONS, and how to switch it off", (ROUTING, "options_are_automatic")),
    (10, "405 with Allow", (ROUTING, "405_lists_what_all_views_of_the_path_allow")),
    (11, "method shortcuts", (QUICK, "methods"), (ROUTING, "method_shortcuts")),
    (12, "a class with one function per method", (ROUTING, "method_views_have_one_function_per_method"),
        (CLUB, "notices")),
    (13, "as_view, instances, decorators, methods, required_methods", (ROUTING,
        "views_are_made_per_request_or_once", "method_views_have_one_function_per_method",
        "required_methods_of_a_view_are_added")),
    (15, "subdomains and hosts", (ROUTING, "subdomains", "hosts"), (ROUTERS, "nested_subdomains_add_up")),
    (16, "method override by middleware", (ROUTING, "a_middleware_may_change_the_method")),
    (18, "the request object, request_class", (REQUESTS, "a_request_knows_its_address", "a_request_knows_its_data",
        "a_request_class_of_ones_own")),
    (19, "a missing key is a 400", (QUICK, "form_and_query"), (CLUB, "forms_without_a_field_are_bad_requests")),
    (20, "get_json, on_json_loading_failed, is_json", (WRAPPERS, "silent_and_force", "json_types"),
        (REQUESTS, "a_request_class_of_ones_own")),
    (21, "malformed JSON is 400, a wrong type 415", (WRAPPERS, "broken_json_is_400", "another_media_type_is_415")),
    (22, "the raw body, a wrapped stream", (REQUESTS, "the_raw_body", "a_stream_may_be_wrapped_before_it_is_parsed")),
    (23, "uploads", (QUICK, "uploads"), (CLUB, "pictures")),
    (24, "limits and trusted hosts", (WRAPPERS, "a_long_body_is_413", "limits_come_from_the_settings_unless_set",
        "a_form_field_has_a_limit", "trusted_hosts"), (REQUESTS, "the_number_of_form_parts_is_limited"),
        (ASGI, "a_body_over_the_limit_is_not_read")),
    (30, "PATCH: absent and null are told apart", ("tests/marks/test_patches.py", "absent_and_null_are_told_apart",
        "operations", "the_whole_must_fit")),
    (35, "text, responses, WSGI applications, response_class", (QUICK, "return_values"),
        (REQUESTS, "a_response_class_of_ones_own"), (HELPERS, "make_response")),
    (36, "dict and list are JSON", (QUICK, "return_values", "json_of_objects")),
    (37, "tuples", (QUICK, "return_values")),
    (38, "iterators are streams", (QUICK, "return_values")),
    (39, "after_this_request", (CONTEXTS, "hooks_run_in_their_order"), (CLUB, "pictures"),
        ("docs/patterns/deferredcallbacks.rst",)),
    (40, "cookies, redirect", (QUICK, "cookies"), (REQUESTS, "cookies_with_every_attribute",
        "redirects_with_each_code")),
    (41, "jsonify, replaceable provider", (JSON, "jsonify_arguments", "own_provider"), (CLUB, "the_api")),
    (42, "JSON of datetimes, decimals and the like", (JSON, "values_beyond_json")),
    (43, "JSON options", (JSON, "layout_of_answers", "keys_are_sorted_by_the_provider",
        "ascii_can_be_switched_off", "the_media_type_can_be_set")),
    (48, "chosen members", ("tests/marks/test_sparse.py", "what_is_asked_for_is_sent", "unknown_names_are_422",
        "the_document_requires_nothing"), ("docs/filtering.rst",)),
    (49, "negotiation by Accept, 406", ("tests/marks/test_negotiation.py", "other_media_types",
        "no_acceptable_answer"), ("tests/http/test_media.py", "what_a_client_gets")),
    (50, "other media types in and out", ("tests/marks/test_negotiation.py", "bodies_of_several_media_types",
        "in_and_out_are_chosen_apart", "other_bodies_are_listed")),
    (53, "abort", (ERRORS, "an_error_ends_a_view_with_its_status"), (QUICK, "redirects_and_errors"),
        (HELPERS, "abort_with_a_status")),
    (54, "handlers by code or class", (ERRORS, "handlers_by_code_and_by_class_are_the_same")),
    (55, "the order of handlers", (ERRORS, "the_most_specific_handler_is_taken",
        "a_handler_for_exception_sees_http_errors_too")),
    (56, "any class, own codes", (ERRORS, "an_error_class_of_ones_own_has_its_code"),
        (CLUB, "exceptions_of_ones_own_have_handlers")),
    (57, "handlers of routers", (ERRORS, "handlers_of_routers_go_first"), (CLUB, "errors_of_a_router_are_its_own")),
    (58, "unknown paths under a prefix", (ERRORS, "unknown_paths_under_a_prefix_are_the_router_s",
        "misses_under_a_variable_prefix_are_the_application_s")),
    (59, "unhandled errors", (ERRORS, "an_unhandled_error_is_a_500", "a_500_raised_by_a_view_has_no_original"),
        (LOGGING, "an_unhandled_exception_is_logged_once")),
    (60, "propagation, traps, debugger", (ERRORS, "exceptions_propagate_on_request", "http_errors_can_be_trapped"),
        (f"{CLI}serving.py", "the_debugger_runs_in_debug_mode_alone"),
        (f"{CLI}run.py", "reloader_and_debugger_can_be_chosen")),
    (62, "a typed error of an API", (ERRORS, "errors_of_an_api_carry_what_it_wants")),
    (64, "one hook for every error; headers of errors", (ERRORS, "one_handler_reshapes_every_error")),
    (65, "HTML or JSON", (ERRORS, "errors_for_browsers_and_for_programs")),
    (68, "got_request_exception, log_exception, sinks", (ERRORS, "an_unhandled_error_is_a_500",
        "log_exception_can_be_overridden", "an_error_handler_of_the_logger_gets_unhandled_errors")),
    (76, "security documented by what enforces it", ("tests/marks/test_security.py", "schemes_in_the_document",
        "alternatives_in_the_document", "the_order_of_marks_does_not_matter")),
    (77, "tags, pages, 304, 412 and 428 documented by themselves",
        ("tests/marks/test_etags.py", "what_the_document_says")),
    (87, "signing, fallback keys", (SESSIONS, "old_keys_still_read", "a_cookie_of_another_key_is_an_empty_session")),
    (88, "escaping", (QUICK, "user_input_is_escaped", "markup", "templates")),
    (89, "ProxyFix", (QUICK, "middleware"), (SERVING, "nginx_with_a_prefix")),
    (90, "Basic, Bearer and API keys", ("tests/marks/test_security.py", "a_bearer_token", "basic", "keys",
        "401_comes_before_anything_else"), ("docs/security.rst",)),
    (91, "OAuth2 and OpenID Connect with scopes", ("tests/marks/test_security.py", "scopes", "scopes_in_the_document")),
    (92, "permissions by resource, method and object", ("tests/marks/test_permissions.py", "a_permission_for_an_object",
        "a_permission_for_a_method", "permissions_add_up", "a_policy_finds_what_was_forgotten")),
    (93, "CSRF tokens where cookies authenticate", ("tests/marks/test_csrf.py", "unsafe_methods_need_a_token",
        "pages_of_others_are_refused", "the_header_is_documented")),
    (94, "headers for browsers", ("tests/marks/test_security_headers.py", "every_answer_has_them",
        "strict_transport_security"), ("docs/headers.rst",)),
    (95, "the signed session", (SESSIONS, "each_write_is_noted", "each_read_is_noted",
        "a_touched_session_varies_by_cookie", "changes_inside_a_value_need_modified"), (QUICK, "sessions")),
    (96, "permanent sessions, attributes of the cookie", (SESSIONS, "a_permanent_session_has_a_date",
        "a_permanent_session_is_refreshed_when_touched", "each_attribute_can_be_set")),
    (97, "tagged JSON", (SESSIONS, "types_that_json_lacks_survive"),
        ("tests/http/test_tagged.py", "values_come_back_as_they_went")),
    (98, "no key, large cookies", (SESSIONS, "a_null_session_explains_itself", "a_large_cookie_is_warned_about")),
    (99, "replaceable session interface", (SESSIONS, "an_own_interface_is_asked_each_time")),
    (100, "flash", (QUICK, "flashing"), (HELPERS, "messages_are_shown_once"), (CLUB, "registration_and_login")),
    (101, "routers: prefix, names, several mounts", (ROUTERS, "a_router_is_mounted_several_times",
        "url_defaults_of_a_mount"), (CLUB, "languages")),
    (102, "nested routers", (ROUTERS, "nested_routers_add_up", "nested_subdomains_add_up"), (CLUB, "the_api")),
    (103, "files of routers", (ROUTERS, "a_router_has_files_of_its_own")),
    (104, "record, state, late set-up", (ROUTERS, "set_up_is_recorded_and_played_back",
        "a_setup_state_of_ones_own", "set_up_after_the_first_request_is_refused")),
    (105, "factories, extensions", (CONTEXTS, "extensions_are_connected_to_each_application"),
        (CLUB, "settings_come_from_file_and_environment"), ("docs/patterns/appfactories.rst",)),
    (106, "from_object", (CONFIG, "from_object_takes_upper_case_names",
        "from_object_evaluates_properties_of_instances", "from_object_imports_a_path")),
    (107, "from_pyfile, from_envvar, from_mapping, get_namespace, instance folder", (CONFIG,
        "from_pyfile_runs_the_file", "from_envvar_reads_the_named_file", "from_mapping_takes_upper_case_keys",
        "get_namespace", "silent_passes_over_missing_files"), (CONTEXTS, "files_of_the_instance_folder")),
    (108, "from_file, from_prefixed_env", (CONFIG, "from_file_as_text_and_bytes",
        "from_prefixed_env_parses_json", "from_prefixed_env_goes_into_dictionaries")),
    (109, "every key has its default", (CONFIG, "defaults_are_where_the_settings_start", "the_table_is_complete")),
    (110, "before_request and after_request", (CONTEXTS, "hooks_run_in_their_order",
        "a_value_of_a_hook_is_the_answer")),
    (111, "teardown functions", (CONTEXTS, "teardown_always_runs_all")),
    (112, "hooks of routers", (ROUTERS, "hooks_for_everything_from_a_router", "nested_routers_add_up")),
    (113, "contexts", (CONTEXTS, "names_of_the_context_explain_themselves_outside", "g_is_a_namespace",
        "a_request_can_be_taken_along")),
    (114, "signals", (SIGNALS, "a_request_sends_them_in_order", "an_application_context_sends_its_own",
        "a_flashed_message_is_sent", "the_namespace_is_that_of_the_framework"), (TEMPLATES, "signals_are_sent")),
    (115, "middleware", (QUICK, "middleware"), (CONTEXTS, "applications_are_dispatched_by_prefix")),
    (116, "several applications", (CONTEXTS, "applications_are_dispatched_by_prefix",
        "applications_are_made_on_demand"), ("docs/patterns/appdispatch.rst",)),
    (119, "background jobs", ("docs/patterns/celery.rst",)),
    (120, "run", (f"{CLI}serving.py", "run_serves_the_application", "a_busy_port_is_explained"),
        (f"{CLI}run.py", "certificate_and_key_come_as_a_pair")),
    (121, "finding the application", (QUICK, "the_command_finds_the_application"), (f"{CLI}discovery.py",
        "the_usual_files_are_found_without_being_named", "a_factory_is_called_with_literals")),
    (122, "reloader", (f"{CLI}serving.py", "run_debug_reloads_and_survives_an_error"),
        (f"{CLI}run.py", "files_for_the_reloader_are_split")),
    (123, "shell", (f"{CLI}shell.py", "the_shell_has_the_application_at_hand")),
    (124, "routes", (f"{CLI}routes.py", "the_table_has_columns", "the_rows_can_be_sorted")),
    (125, "commands", (f"{CLI}group.py", "commands_of_an_app_run_in_its_context",
        "a_plain_command_gets_the_context_by_decorator"), (ROUTERS, "commands_of_routers")),
    (126, "plugins, own scripts", (f"{CLI}group.py", "plugins_bring_commands", "a_script_of_ones_own")),
    (127, "files of variables", (f"{CLI}envfiles.py", "variables_that_are_set_win_over_files",
        "skip_dotenv_leaves_the_default_files"), (f"{CLI}group.py", "variables_set_any_option")),
    (128, "the test client", (CLIENT, "cookies_are_kept_unless_switched_off", "json_goes_through_the_apps_provider",
        "redirects_are_followed_on_request", "a_client_class_of_ones_own")),
    (129, "with client", (CLIENT, "a_with_block_keeps_the_last_context"), (CLUB, "the_context_in_tests")),
    (130, "session_transaction", (CLIENT, "a_session_can_be_changed_between_requests")),
    (131, "contexts in tests", (QUICK, "context_locals")),
    (132, "test_cli_runner", ("tests/testing/test_runner.py", "a_command_is_run_by_its_name")),
    (133, "TESTING propagates", (CLIENT, "errors_reach_the_test"), (ERRORS, "exceptions_propagate_on_request")),
    (134, "faking a resource", (CONTEXTS, "a_resource_can_be_faked")),
    (135, "logging in without credentials", ("tests/marks/test_security.py", "a_client_as_a_user"),
        ("tests/marks/test_permissions.py", "a_user_of_the_test_client")),
    (137, "static files", (QUICK, "static_files"), (HELPERS, "files_stay_in_their_folder"),
        (CLUB, "static_files_of_application_and_router")),
    (138, "send_file", (HELPERS, "a_file_is_conditional", "a_file_to_save", "the_age_of_a_file_is_a_setting",
        "the_server_may_send_the_file")),
    (140, "templates", (TEMPLATES, "a_template_is_rendered", "a_template_from_a_string", "macros_from_python",
        "streams")),
    (141, "what templates know", (TEMPLATES, "context_processors_and_given_values", "filters_tests_and_globals",
        "tojson_uses_the_provider", "reloading", "the_search_is_explained")),
    (142, "stream_with_context", (HELPERS, "a_stream_has_its_request", "a_stream_outlives_its_request"),
        (CLUB, "a_stream_has_its_request")),
    (143, "server-sent events", ("tests/marks/test_streams.py", "events", "where_a_client_was",
        "a_quiet_stream_is_kept_alive", "a_client_that_leaves_is_noticed", "a_real_browser_listens")),
    (146, "asynchronous functions", (ASYNC, "a_view_function_may_be_asynchronous", "resources_may_be_asynchronous",
        "hooks_may_be_asynchronous", "error_handlers_may_be_asynchronous", "views_of_classes_may_be_asynchronous")),
    (147, "another event loop", (ASYNC, "the_event_loop_can_be_replaced")),
    (148, "ASGI", (ASGI, "uvicorn_serves_resources", "a_client_that_leaves_midway_closes_the_stream"),
        (SERVING, "an_application_runs_under_each_server")),
    (149, "gevent", (SERVING, "an_application_runs_under_each_server")),
    (150, "CORS with preflight", ("tests/marks/test_cors.py", "a_preflight_tells_the_real_methods_and_headers",
        "credentials_never_go_to_everybody", "a_real_browser_agrees")),
    (151, "rate limits with 429, Retry-After and RateLimit fields", ("tests/marks/test_limits.py",
        "calls_over_the_limit_are_429", "answers_tell_what_is_left", "headers_say_nothing_of_the_address",
        "processes_count_together_in_redis", "closed_refuses_calls_while_redis_is_away"), ("docs/rate-limits.rst",)),
    (152, "a cache for views", (CONTEXTS, "a_view_may_be_cached"), ("docs/patterns/caching.rst",)),
    (153, "ETag, 304, 412 and 428", ("tests/marks/test_etags.py", "304_for_who_has_it", "a_write_must_name_a_version",
        "the_second_of_two_writers_gets_412"), ("tests/marks/test_lost_updates.py", "one_writer_of_each_version_wins"),
        ("docs/conditional.rst",)),
    (154, "idempotency keys", ("tests/marks/test_idempotency.py", "a_repeated_request_gets_the_first_answer",
        "keys_of_users_never_mix", "threads_carry_it_out_once", "two_processes_carry_it_out_once",
        "a_process_that_dies_leaves_a_key_that_can_be_retried"), ("docs/idempotency.rst",)),
    (155, "parts by page and by offset, with metadata", ("tests/marks/test_pagination.py",
        "pages_are_those_of_flask_smorest", "parameters_are_those_of_flask_smorest", "offsets"),
        ("docs/pagination.rst",)),
    (156, "parts by cursor", ("tests/marks/test_pagination.py", "cursors_walk_both_ways", "bad_cursors_are_422"),
        ("tests/marks/test_selects.py", "cursors_cover_all", "cursors_hold_while_rows_come_and_go",
        "a_hundred_thousand_rows_are_not_loaded")),
    (157, "filters, orders, searches", ("tests/marks/test_filters.py", "each_comparison", "sorting", "searching"),
        ("tests/marks/test_selects.py", "filters_mean_the_same_everywhere"), ("docs/filtering.rst",)),
    (159, "Deprecation and Sunset from the declaration", ("tests/marks/test_retirement.py",
        "answers_tell_that_it_ends", "the_document_calls_it_deprecated", "callers_are_counted")),
    (160, "the logger", (QUICK, "logging"), (CONTEXTS, "records_can_have_data_of_the_request"),
        (LOGGING, "the_logger_has_the_name_of_the_application", "a_handler_that_is_there_is_enough")),
    (164, "servers and prefixes", (SERVING, "an_application_runs_under_each_server", "nginx_with_a_prefix")),
    (165, "databases", ("docs/patterns/sqlalchemy.rst",), ("docs/patterns/sqlite3.rst",)),
]  # fmt: skip


@functools.cache
def names_in(path):
    """The names of the tests of a file."""
    body = ast.parse((ROOT / path).read_text()).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", ROWS, ids=[str(row[0]) for row in ROWS])
def test_each_ability_has_its_proof(row):
    """What the table names exists."""
    _number, _title, *proofs = row

    assert proofs
    for path, *names in proofs:
        assert (ROOT / path).exists(), path
        assert not names or {f"test_{name}" for name in names} <= names_in(path), (path, names)


def test_each_ability_stands_once():
    """Numbers are in order and each has a title."""
    numbers = [row[0] for row in ROWS]

    assert numbers == sorted(set(numbers))
