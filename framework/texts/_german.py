"""The German texts.

Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import types
import typing as t

GERMAN: t.Final[cabc.Mapping[str, str]] = types.MappingProxyType(
    {
        # Error classes: the text is the docstring of the class, under its ``error_code``
        "bad_request": "Die Anfrage ist fehlerhaft.",
        "unauthorized": "Die Anfrage enthält keine gültigen Anmeldedaten.",
        "forbidden": "Der Client hat keine Berechtigung für diese Operation.",
        "not_found": "Ressource nicht gefunden.",
        "method_not_allowed": "Die Ressource unterstützt diese Methode nicht.",
        "not_acceptable": "Keiner der vom Client akzeptierten Medientypen ist verfügbar.",
        "request_timeout": "Die Anfrage ist nicht rechtzeitig eingetroffen.",
        "conflict": "Die Anfrage steht im Konflikt mit dem aktuellen Zustand der Ressource.",
        "gone": "Die Ressource wurde dauerhaft entfernt.",
        "length_required": "Die Anfrage muss einen Header `Content-Length` enthalten.",
        "precondition_failed": "Die Ressource hat sich seit der in der Anfrage genannten Version geändert.",
        "request_entity_too_large": "Der Request-Body ist größer als vom Server erlaubt.",
        "request_uri_too_large": "Die URL ist länger als vom Server erlaubt.",
        "unsupported_media_type": "Die Operation unterstützt den Medientyp des Request-Bodys nicht.",
        "requested_range_not_satisfiable": "Der angeforderte Bereich liegt außerhalb der Ressource.",
        "expectation_failed": "Der Server kann die Anforderung im Header `Expect` nicht erfüllen.",
        "im_a_teapot": "Der Server ist eine Teekanne und kann keinen Kaffee kochen (RFC 2324).",
        "misdirected_request": "Der Server, der die Anfrage erhalten hat, ist für diesen Host nicht zuständig.",
        "unprocessable_entity": "Die Anfrage ist wohlgeformt, aber ihr Inhalt ist ungültig.",
        "locked": "Die Ressource ist gesperrt.",
        "failed_dependency": "Eine Anfrage, von der diese abhängt, ist fehlgeschlagen.",
        "precondition_required": "Die Anfrage muss bedingt sein: Senden Sie `If-Match`.",
        "too_many_requests": (
            "Der Client hat zu viele Anfragen gesendet. `Retry-After` gibt an, wann ein neuer Versuch möglich ist."
        ),
        "request_header_fields_too_large": "Ein Header der Anfrage ist länger als vom Server erlaubt.",
        "unavailable_for_legal_reasons": "Die Ressource ist aus rechtlichen Gründen nicht verfügbar.",
        "internal_server_error": "Unerwarteter Serverfehler.",
        "not_implemented": "Der Server unterstützt diese Methode nicht.",
        "bad_gateway": "Ein vorgelagerter Server hat eine ungültige Antwort gesendet.",
        "service_unavailable": (
            "Der Server ist vorübergehend nicht verfügbar. `Retry-After` gibt an, wann ein neuer Versuch möglich ist."
        ),
        "gateway_timeout": "Ein vorgelagerter Server hat nicht rechtzeitig geantwortet.",
        "http_version_not_supported": "Der Server unterstützt diese HTTP-Version nicht.",
        "validation_failed": (
            "Die Anfrage entspricht nicht ihrem Schema. `errors` nennt die ungültigen Felder und die Gründe."
        ),
        "patch_conflict": (
            "Der Patch passt nicht zum aktuellen Zustand der Ressource: Ein Test ist fehlgeschlagen oder ein"
            " Pfad existiert nicht."
        ),
        "credentials_missing": "Die Anfrage muss authentifiziert sein. `WWW-Authenticate` gibt an, wie.",
        "credentials_invalid": "Die Anmeldedaten sind falsch, abgelaufen oder widerrufen.",
        "scopes_missing": "Die Anmeldedaten sind gültig, aber es fehlt ein erforderlicher Scope.",
        "permission_denied": "Der Benutzer ist angemeldet, hat aber keine Berechtigung für diese Operation.",
        "csrf_failed": (
            "Ein Browser hat das Cookie des Benutzers gesendet, aber nichts belegt, dass die Anfrage von einer"
            " Seite dieser Anwendung stammt."
        ),
        "idempotency_key_missing": (
            "Die Anfrage muss einen eindeutigen `Idempotency-Key` enthalten, zum Beispiel eine UUID."
        ),
        "idempotency_key_invalid": (
            "Der `Idempotency-Key` ist ungültig. Er muss aus 1 bis 255 druckbaren ASCII-Zeichen bestehen, am"
            " besten in doppelten Anführungszeichen."
        ),
        "idempotency_key_reused": (
            "Der `Idempotency-Key` wurde bereits für eine andere Anfrage verwendet. Senden Sie jede Anfrage mit"
            " einem eigenen Schlüssel."
        ),
        "request_in_progress": (
            "Eine Anfrage mit diesem `Idempotency-Key` wird gerade ausgeführt. Wiederholen Sie sie später, um"
            " die Antwort zu erhalten."
        ),
        "answer_not_kept": (
            "Die Anfrage mit diesem `Idempotency-Key` wurde ausgeführt, aber ihre Antwort war zu groß, um"
            " gespeichert zu werden."
        ),
        "outcome_unknown": (
            "Die Anfrage mit diesem `Idempotency-Key` wurde begonnen, aber ihr Ergebnis ist unbekannt. Prüfen"
            " Sie, ob sie ausgeführt wurde; falls nicht, senden Sie sie mit einem neuen Schlüssel."
        ),
        "idempotency_unavailable": (
            "Idempotency-Keys sind vorübergehend nicht verfügbar. Die Anfrage wurde nicht ausgeführt."
        ),
        "webhook_malformed": (
            "Die Anfrage ist kein signierter Webhook: `webhook-id`, `webhook-timestamp` oder `webhook-signature` fehlt"
            " oder ist fehlerhaft."
        ),
        "webhook_expired": (
            "Der Webhook wurde nicht gerade eben signiert: `webhook-timestamp` weicht zu weit von der Zeit des Servers"
            " ab. Signieren Sie jeden Versuch neu."
        ),
        "webhook_signature_invalid": (
            "Keine Signatur in `webhook-signature` ist für diese ID, diesen Zeitpunkt und diesen Inhalt gültig."
        ),
        "webhook_in_progress": (
            "Der Webhook mit dieser `webhook-id` wird gerade verarbeitet. Versuchen Sie es später erneut."
        ),
        "webhook_unavailable": "Webhooks werden vorübergehend nicht verarbeitet. Versuchen Sie es später erneut.",
        "rate_limit_exceeded": (
            "Der Client hat zu viele Anfragen gesendet. `Retry-After` gibt an, nach wie vielen Sekunden ein"
            " neuer Versuch möglich ist."
        ),
        "deadline_exceeded": "Die Anfrage hat länger gedauert, als die Operation dauern darf.",
        "overloaded": (
            "Der Server hat seine Grenze gleichzeitiger Anfragen erreicht. `Retry-After` gibt an, wann ein neuer"
            " Versuch möglich ist."
        ),
        "constraint_violated": (
            "Die Anfrage erfüllt eine Bedingung der Datenbank nicht. `errors` nennt die Felder, soweit sie bekannt"
            " sind."
        ),
        "already_exists": ("Eine andere Ressource hat denselben Wert, der eindeutig sein muss."),
        "reference_violated": (
            "Die Anfrage verweist auf eine Ressource, die nicht existiert, oder löscht eine, auf die andere verweisen."
        ),
        "rule_violated": ("Die Werte verletzen eine Regel der Datenbank."),
        "concurrent_update": (
            "Eine andere Anfrage hat die Ressource inzwischen geändert oder gelöscht. Rufen Sie sie erneut ab."
        ),
        "database_busy": (
            "Die Datenbank ist ausgelastet. Die Anfrage wurde nicht ausgeführt. `Retry-After` gibt an,"
            " wann ein neuer Versuch möglich ist."
        ),
        "database_unavailable": (
            "Die Datenbank antwortet nicht. Die Anfrage wurde nicht ausgeführt. `Retry-After` gibt an,"
            " wann ein neuer Versuch möglich ist."
        ),
        "rate_limit_unavailable": (
            "Die Ratenbegrenzung ist vorübergehend nicht verfügbar. Ungeprüfte Anfragen werden nicht zugelassen."
        ),
        "session_unavailable": (
            "Der Sitzungsspeicher antwortet nicht. `Retry-After` gibt an, nach wie vielen Sekunden ein neuer"
            " Versuch möglich ist."
        ),
        "channel_unavailable": (
            "Das Ereignis konnte nicht veröffentlicht werden. `Retry-After` gibt an, nach wie vielen Sekunden ein neuer"
            " Versuch möglich ist."
        ),
        "upgrade_required": "Die Ressource ist ein WebSocket. Verbinden Sie sich über das WebSocket-Protokoll.",
        "origin_refused": "Die Seite, die sich verbindet, hat einen Ursprung, dem der Server nicht vertraut.",
        "refresh_token_invalid": (
            "Das Refresh-Token ist ungültig, abgelaufen, widerrufen oder schon verwendet. Der Benutzer muss"
            " sich neu anmelden."
        ),
        "api_key_not_found": "Kein API-Schlüssel hat diese ID.",
        "api_key_inactive": "Der API-Schlüssel ist abgelaufen, widerrufen oder schon ersetzt.",
        "too_many_api_keys": (
            "Der Benutzer hat so viele API-Schlüssel wie erlaubt. Zuerst muss einer widerrufen werden."
        ),
        "authentication_unavailable": (
            "Anmeldedaten können zurzeit nicht geprüft werden. Versuchen Sie es später mit denselben erneut."
        ),
        "token_error": "Das Token ist ungültig.",
        "token_invalid": (
            "Das Token ist beschädigt oder gefälscht, oder es wurde für einen anderen Zweck ausgestellt."
        ),
        "token_expired": "Das Token ist abgelaufen.",
        "token_revoked": "Das Token wurde vor seinem Ablauf widerrufen.",
        "unknown_version": (
            "Die Anfrage nennt eine unbekannte Version, zwei Versionen oder keine, obwohl eine erforderlich ist."
        ),
        "version_not_acceptable": (
            "Die Antwort wird in einer unbekannten Version verlangt, oder in keiner, obwohl eine erforderlich ist."
        ),
        "unsupported_version": (
            "Der Request-Body hat eine unbekannte Version, oder eine andere als die verlangte Antwort."
        ),
        "retired": "Die Operation wurde entfernt. Der Header `Link` verweist auf den Ersatz, falls es einen gibt.",
        # ``detail`` of errors, under ``error_code`` and what happened
        "bad_request.body": "Der Request-Body ist kein gültiges {format}: {reason}",
        "bad_request.json": "Der Request-Body ist kein gültiges JSON.",
        "bad_request.body_length": "Der Request-Body ist kürzer als in Content-Length angegeben.",
        "bad_request.body_unreadable": "Der Request-Body konnte nicht vollständig gelesen werden.",
        "bad_request.coding": "Der Request-Body ist nicht gültig in {coding} kodiert.",
        "bad_request.coding_ends": "Der Request-Body endet vor seinen {coding}-Daten.",
        "bad_request.path_encoding": "Der Pfad ist nicht in UTF-8 kodiert.",
        "bad_request.form": "Der Request-Body ist kein gültiges Multipart-Formular.",
        "bad_request.form_boundary": "Im Medientyp des Request-Bodys fehlt der Parameter boundary.",
        "bad_request.form_encoding": "Das Formular ist nicht in UTF-8 kodiert.",
        "bad_request.tags_length": "Der Header {name} hat mehr als {max} Zeichen.",
        "bad_request.tags": (
            "Der Header {name} ist weder '*' noch eine Liste von Entity-Tags in doppelten Anführungszeichen."
        ),
        "request_entity_too_large.body": "Der Request-Body ist größer als {limit} Bytes.",
        "request_entity_too_large.members": "Der Request-Body hat mehr als {limit} Elemente.",
        "request_entity_too_large.form": "Das Formular ist größer als {limit} Bytes.",
        "request_entity_too_large.form_values": "Das Formular hat mehr als {limit} Werte.",
        "request_entity_too_large.part": "Der Formularteil {name!r} ist größer als {limit} Bytes.",
        "request_entity_too_large.part_members": "Der Formularteil {name!r} hat mehr als {limit} Elemente.",
        "unsupported_media_type.other": "Der Medientyp des Request-Bodys muss {allowed} sein, nicht {given}.",
        "unsupported_media_type.missing": (
            "Der Medientyp des Request-Bodys muss {allowed} sein. Die Anfrage hat keinen Content-Type."
        ),
        "unsupported_media_type.coding": "Die Inhaltskodierung des Request-Bodys muss {allowed} sein, nicht {given}.",
        "unsupported_media_type.json": "Der Request-Body ist kein JSON: Der Content-Type ist nicht application/json.",
        "not_acceptable.media_types": "Verfügbare Medientypen: {available}.",
        "not_found.file": "Die Datei existiert nicht mehr.",
        "not_found.docs_file": "Die Dokumentation hat keine solche Datei.",
        "not_found.docs_page": "Die Dokumentation hat keine solche Seite.",
        "not_found.error_name": "Unbekannter Fehlername.",
        "precondition_required.etag": "Senden Sie If-Match mit dem ETag aus der Antwort auf ein GET.",
        "precondition_failed.changed": (
            "Die Ressource hat sich seit dieser Version geändert. Rufen Sie sie erneut ab."
        ),
        "patch_conflict.not_object": "Der Patch würde die Ressource durch einen Wert ersetzen, der kein Objekt ist.",
        "patch_conflict.depth": (
            "Operation {number} ({name} {path}) würde die Ressource tiefer als {max} Ebenen verschachteln."
        ),
        "patch_conflict.copies": "Mit Operation {number} ({name} {path}) sind die Kopien größer als {max} Bytes.",
        "patch_conflict.test": "Der Test von Operation {number} ({name} {path}) ist fehlgeschlagen.",
        "patch_conflict.path": "Der Pfad von Operation {number} ({name} {path}) existiert nicht.",
        "credentials_missing.detail": "Anmeldedaten sind erforderlich.",
        "credentials_invalid.detail": "Die Anmeldedaten sind ungültig.",
        "scopes_missing.one": "Den Anmeldedaten fehlt der Scope {scopes}.",
        "scopes_missing.several": "Den Anmeldedaten fehlen die Scopes {scopes}.",
        "permission_denied.name": "Die Berechtigung {name!r} ist erforderlich.",
        "upgrade_required.server": "Der Server nimmt keine WebSocket-Verbindungen an.",
        "service_unavailable.sockets": "Die Höchstzahl offener WebSockets des Servers ist erreicht.",
        "csrf_failed.origin": "Die Anfrage wurde von einer Seite mit anderem Ursprung gesendet.",
        "csrf_failed.missing": "Der Header {header} fehlt. Senden Sie darin das CSRF-Token.",
        "csrf_failed.token": "Das CSRF-Token im Header {header} ist ungültig.",
        "idempotency_key_missing.detail": "Der Header Idempotency-Key fehlt.",
        "idempotency_key_invalid.detail": "Ungültiger Idempotency-Key. Senden Sie 1 bis 255 druckbare ASCII-Zeichen.",
        "idempotency_key_reused.detail": "Dieser Idempotency-Key wurde bereits für eine andere Anfrage verwendet.",
        "request_in_progress.detail": "Eine Anfrage mit diesem Idempotency-Key wird gerade ausgeführt.",
        "answer_not_kept.detail": (
            "Die Anfrage mit diesem Idempotency-Key wurde ausgeführt, aber ihre Antwort war zu groß, um"
            " gespeichert zu werden."
        ),
        "outcome_unknown.detail": (
            "Die Anfrage mit diesem Idempotency-Key wurde begonnen, aber ihr Ergebnis ist unbekannt. Prüfen"
            " Sie, ob sie ausgeführt wurde; falls nicht, senden Sie sie mit einem neuen Schlüssel."
        ),
        "idempotency_unavailable.detail": (
            "Idempotency-Keys sind vorübergehend nicht verfügbar. Die Anfrage wurde nicht ausgeführt."
        ),
        "webhook_malformed.detail": (
            "Die Anfrage ist kein signierter Webhook: webhook-id, webhook-timestamp oder webhook-signature fehlt oder"
            " ist fehlerhaft."
        ),
        "webhook_expired.detail": "Der webhook-timestamp weicht zu weit von der Zeit des Servers ab.",
        "webhook_signature_invalid.detail": "Die webhook-signature ist ungültig.",
        "webhook_in_progress.detail": "Der Webhook mit dieser webhook-id wird gerade verarbeitet.",
        "webhook_unavailable.detail": (
            "Webhooks werden vorübergehend nicht verarbeitet. Versuchen Sie es später erneut."
        ),
        "webhook.encoded": "Senden Sie den signierten Webhook ohne Content-Encoding.",
        "mcp.unknown_argument": "Unbekanntes Argument '{name}'.",
        "mcp.missing_argument": "Das Argument '{name}' fehlt.",
        "mcp.too_great": "Das Argument '{name}' ist größer als {max}.",
        "mcp.header_text": "Das Argument '{name}' enthält Zeichen, die nicht druckbares ASCII sind.",
        "mcp.too_long": (
            "Die Operation wurde mit dem Status {status} ausgeführt, aber ihre Antwort hat mehr als {max} Bytes."
            " Fordern Sie weniger Elemente oder Felder an."
        ),
        "rate_limit_exceeded.detail": (
            "Zu viele Anfragen. Versuchen Sie es nach der in Retry-After angegebenen Zeit erneut."
        ),
        "deadline_exceeded.detail": "Die Operation hat zu lange gedauert.",
        "overloaded.detail": (
            "Zu viele gleichzeitige Anfragen. Ein neuer Versuch ist nach der Zeit in Retry-After möglich."
        ),
        "already_exists.detail": ("Eine Ressource mit diesen Werten existiert bereits."),
        "already_exists.member": ("Bereits vergeben."),
        "reference_violated.detail": (
            "Die Anfrage verweist auf eine Ressource, die nicht existiert, oder löscht eine, die verwendet wird."
        ),
        "reference_violated.member": ("Existiert nicht oder wird verwendet."),
        "rule_violated.detail": ("Die Werte verletzen eine Regel der Datenbank."),
        "rule_violated.member": ("Nicht erlaubt."),
        "concurrent_update.detail": ("Die Ressource wurde inzwischen geändert. Rufen Sie sie erneut ab."),
        "database_busy.detail": (
            "Die Datenbank ist ausgelastet. Versuchen Sie es nach der in Retry-After angegebenen Zeit erneut."
        ),
        "database_unavailable.detail": (
            "Die Datenbank antwortet nicht. Versuchen Sie es nach der in Retry-After angegebenen Zeit erneut."
        ),
        "rate_limit_unavailable.detail": "Die Ratenbegrenzung ist vorübergehend nicht verfügbar.",
        "session_unavailable.detail": "Sitzungen sind vorübergehend nicht verfügbar.",
        "refresh_token_invalid.detail": (
            "Das Refresh-Token ist ungültig, abgelaufen oder widerrufen. Melden Sie sich neu an."
        ),
        "api_key_not_found.detail": "Kein API-Schlüssel hat diese ID.",
        "api_key_inactive.detail": "Der API-Schlüssel ist abgelaufen, widerrufen oder schon ersetzt.",
        "too_many_api_keys.detail": "Sie haben so viele API-Schlüssel wie erlaubt. Widerrufen Sie zuerst einen.",
        "authentication_unavailable.detail": "Anmeldedaten können zurzeit nicht geprüft werden.",
        "token_invalid.detail": "Das Token ist ungültig.",
        "token_expired.detail": "Das Token ist abgelaufen.",
        "token_revoked.detail": "Das Token wurde widerrufen.",
        "unknown_version.missing": "Geben Sie eine Version an: {place}. Verfügbare Versionen: {versions}.",
        "unknown_version.name": "Unbekannte Version: {given!r}. Verfügbare Versionen: {versions}.",
        "unknown_version.several": "Die Anfrage nennt mehrere Versionen: {given}. Geben Sie eine an.",
        "version_not_acceptable.missing": "Senden Sie Accept mit {media_type}. Verfügbare Versionen: {versions}.",
        "unsupported_version.name": (
            "Unbekannte Version des Request-Bodys: {given!r}. Verfügbare Versionen: {versions}."
        ),
        "unsupported_version.other": (
            "Der Request-Body hat die Version {given}, die Antwort wird aber in {wanted} verlangt. Verfügbare"
            " Versionen: {versions}."
        ),
        "validation_failed.has_one": "{part} enthält 1 ungültiges Feld.",
        "validation_failed.has_several": "{part} enthält {count} ungültige Felder.",
        "validation_failed.have_one": "{part} enthalten 1 ungültiges Feld.",
        "validation_failed.have_several": "{part} enthalten {count} ungültige Felder.",
        "validation_failed.more": "Es gibt weitere Fehler, die nicht aufgeführt sind.",
        "shortened": "Die Antwort wurde gekürzt.",
        # Parts of a request, within other texts
        "parts.json": "Der Request-Body",
        "parts.form": "Das Formular",
        "parts.query": "Der Query-String",
        "parts.path": "Der Pfad",
        "parts.headers": "Die Header",
        "parts.cookies": "Die Cookies",
        "parts.other": "{name}",
        "places.header": "Header {name}",
        "places.parameter": "Parameter {name}",
        "places.media_type": "Medientyp {name}",
        "list.or": "{rest} oder {last}",
        "list.and": "{rest} und {last}",
        "list.sentences": "{first} {second}",
        "hint": "{text} Meinten Sie {name!r}?",
        # Messages of fields, under ``issues`` and their code
        "issues.required": "Pflichtfeld fehlt.",
        "issues.required.body": "Der Request-Body fehlt.",
        "issues.null": "Das Feld darf nicht null sein.",
        "issues.unknown": "Unbekanntes Feld.",
        "issues.given_twice": "Mehrfach angegeben.",
        "issues.read_only": "Schreibgeschütztes Feld.",
        "issues.invalid": "Ungültiger Wert.",
        "issues.invalid_string": "Kein gültiger String.",
        "issues.invalid_utf8": "Kein gültiger UTF-8-String.",
        "issues.invalid_utf8.query": "Der Query-String ist nicht in UTF-8 kodiert.",
        "issues.forbidden_character": "Das Zeichen U+0000 ist nicht erlaubt.",
        "issues.invalid_integer": "Keine gültige Ganzzahl.",
        "issues.invalid_number": "Keine gültige Zahl.",
        "issues.not_finite": "Besondere Zahlenwerte (NaN oder unendlich) sind nicht erlaubt.",
        "issues.invalid_boolean": "Kein gültiger Wahrheitswert.",
        "issues.invalid_datetime": "Kein gültiger Zeitpunkt.",
        "issues.offset_required": "Der Zeitpunkt muss einen UTC-Offset enthalten.",
        "issues.offset_forbidden": "Der Zeitpunkt darf keinen UTC-Offset enthalten.",
        "issues.invalid_date": "Kein gültiges Datum.",
        "issues.invalid_time": "Keine gültige Uhrzeit.",
        "issues.invalid_duration": "Keine gültige Dauer.",
        "issues.invalid_uuid": "Keine gültige UUID.",
        "issues.invalid_email": "Keine gültige E-Mail-Adresse.",
        "issues.invalid_url": "Keine gültige URL.",
        "issues.invalid_ip": "Keine gültige IP-Adresse.",
        "issues.invalid_ipv4": "Keine gültige IPv4-Adresse.",
        "issues.invalid_ipv6": "Keine gültige IPv6-Adresse.",
        "issues.invalid_ip_interface": "Keine gültige IP-Schnittstelle.",
        "issues.invalid_ipv4_interface": "Keine gültige IPv4-Schnittstelle.",
        "issues.invalid_ipv6_interface": "Keine gültige IPv6-Schnittstelle.",
        "issues.invalid_list": "Keine gültige Liste.",
        "issues.invalid_list.tuple": "Kein gültiges Tupel.",
        "issues.invalid_list.delimited": "Keine gültige Liste mit Trennzeichen.",
        "issues.invalid_list.delimited_tuple": "Kein gültiges Tupel mit Trennzeichen.",
        "issues.invalid_object": "Kein gültiges Objekt.",
        "issues.invalid_object.type": "Ungültiger Typ.",
        "issues.invalid_object.input": "Ungültiger Eingabetyp.",
        "issues.invalid_json": "Kein gültiges JSON.",
        "issues.invalid_json.reason": "Kein gültiges JSON: {reason}",
        "issues.invalid_cursor": "Kein gültiger Cursor.",
        "issues.invalid_cursor.other": (
            "Der Cursor gehört zu einer anderen Anfrage mit anderer Sortierung, anderem Filter oder anderer URL."
        ),
        "issues.invalid_file": "Keine gültige Datei.",
        "issues.invalid_file_type": "Keine Datei vom Typ {choices}.",
        "issues.invalid_file_extension": "Der Dateiname muss auf {choices} enden.",
        "issues.too_short": "Kürzer als die Mindestlänge {min}.",
        "issues.too_short.between": "Die Länge muss zwischen {min} und {max} liegen.",
        "issues.too_long": "Länger als die Höchstlänge {max}.",
        "issues.too_long.pieces": "Länger als die Höchstlänge {max_pieces}.",
        "issues.wrong_length": "Die Länge muss {equal} sein.",
        "issues.too_small": "Muss größer oder gleich {min} sein.",
        "issues.too_small.exclusive": "Muss größer als {min} sein.",
        "issues.too_small.between": "Muss größer oder gleich {min} und kleiner oder gleich {max} sein.",
        "issues.too_small.between_exclusive_min": "Muss größer als {min} und kleiner oder gleich {max} sein.",
        "issues.too_small.between_exclusive_max": "Muss größer oder gleich {min} und kleiner als {max} sein.",
        "issues.too_small.between_exclusive": "Muss größer als {min} und kleiner als {max} sein.",
        "issues.too_small.file": "Kleiner als {min} Bytes.",
        "issues.too_large": "Muss kleiner oder gleich {max} sein.",
        "issues.too_large.exclusive": "Muss kleiner als {max} sein.",
        "issues.too_large.number": "Zahl zu groß.",
        "issues.too_large.file": "Größer als {max} Bytes.",
        "issues.too_many.query": "Der Query-String hat mehr als {max} Werte.",
        "issues.too_many.cookies": "Die Anfrage hat mehr als {max} Cookies.",
        "issues.not_one_of": "Muss einer der folgenden Werte sein: {choices}.",
        "issues.not_one_of.sort": "Nach diesem Feld kann nicht sortiert werden.",
        "issues.item_not_one_of": "Mindestens ein Wert ist keiner der folgenden: {choices}.",
        "issues.forbidden": "Ungültige Eingabe.",
        "issues.item_forbidden": "Mindestens ein Wert ist nicht erlaubt: {values}.",
        "issues.not_equal": "Muss gleich {other} sein.",
        "issues.indivisible": "Muss ein Vielfaches von {divisor} sein.",
        "issues.pattern": "Der Wert entspricht nicht dem erwarteten Muster.",
        "issues.pattern.pointer": "Kein JSON-Pointer wie '/name'.",
        # The reason why a body cannot be read
        "json.trailing_text": "Nach dem Ende des JSON-Werts folgt weiterer Text.",
        "json.trailing_comma": "Überzähliges Komma am Ende.",
        "json.key": "Der Schlüssel eines Objekts muss ein String in doppelten Anführungszeichen sein.",
        "json.number": "Eine Zahl ist fehlerhaft.",
        "json.escape": "Ein String enthält eine ungültige Escape-Sequenz.",
        "json.surrogate": "Ein String enthält nur eine Hälfte eines Surrogatpaars.",
        "json.digits": "Eine Ganzzahl hat zu viele Ziffern.",
        "json.too_large": "Eine Zahl ist zu groß.",
        "json.truncated": "Der Text endet mitten in einem Wert.",
        "json.depth": "Tiefer als {max} Ebenen verschachtelt.",
        "json.encoding": "Der Text ist nicht in UTF-8 kodiert.",
        "json.byte_order_mark": "Der Text ist nicht in UTF-8 kodiert oder beginnt mit einer Byte-Order-Mark.",
        "json.members": "Mehr als {max} Elemente.",
        "json.duplicate_key": "Der Schlüssel {key} kommt in einem Objekt mehrfach vor.",
        "json.empty": "Der Text ist leer.",
        "json.character": "Unerwartetes Zeichen.",
        "plain.depth": "Zu tief verschachtelt.",
        "plain.number": "Die Zahl {value} ist in JSON nicht darstellbar.",
        "plain.type": "Ein Wert vom Typ {type} ist in JSON nicht darstellbar.",
        "plain.key": "Ein Schlüssel ist kein String.",
        "csv.duplicate": "Doppelte Spalte {name!r}.",
        "csv.cells": "Zeile {number} hat {cells} Zellen, es gibt aber {columns} Spalten.",
        # The document: parameters
        "parameters.if_match": "Anfrage nur ausführen, wenn der aktuelle ETag einer von diesen ist (`*`: beliebig).",
        "parameters.if_none_match.read": (
            "ETags der Versionen, die der Client hat. Ist eine davon aktuell, lautet die Antwort 304."
        ),
        "parameters.if_none_match.write": (
            "`*`: Anfrage nur ausführen, wenn die Ressource nicht existiert. ETags: nur, wenn keiner aktuell ist."
        ),
        "parameters.if_modified_since": (
            "Datum der Version, die der Client hat. Hat sich seitdem nichts geändert, lautet die Antwort 304."
        ),
        "parameters.if_unmodified_since": (
            "Anfrage nur ausführen, wenn sich seit diesem Datum nichts geändert hat. Mit `If-Match` ignoriert."
        ),
        "parameters.range": (
            "Bereiche der Datei, zum Beispiel `bytes=0-99` oder `bytes=-100`. Ein fehlerhafter Header wird ignoriert."
        ),
        "parameters.if_range": (
            "ETag oder Datum der Version, zu der die Bereiche gehören. Ist eine andere aktuell, wird die ganze"
            " Datei gesendet."
        ),
        "parameters.last_event_id": (
            "ID des letzten Ereignisses, das der Client erhalten hat; der Stream wird danach fortgesetzt."
        ),
        "parameters.idempotency_key": (
            "Eindeutiger Schlüssel dieser Anfrage. Eine Wiederholung mit demselben Schlüssel liefert die erste"
            " Antwort und wird nicht erneut ausgeführt."
        ),
        "parameters.csrf": "CSRF-Token.",
        "parameters.csrf.cookie": "CSRF-Token. Erforderlich, wenn die Anfrage durch ein Cookie authentifiziert wird.",
        "parameters.page": "Nummer der gewünschten Seite.",
        "parameters.page_size": "Maximale Anzahl der Einträge in der Antwort.",
        "parameters.offset": "Anzahl der zu überspringenden Einträge.",
        "parameters.cursor": "Cursor der gewünschten Seite aus einer früheren Antwort.",
        "parameters.sort.list": "Sortierschlüssel, der wichtigste zuerst. `-` vor einem Schlüssel sortiert absteigend.",
        "parameters.sort": (
            "Sortierschlüssel, durch Kommas getrennt, der wichtigste zuerst. Ein vorangestelltes `-` sortiert"
            " absteigend."
        ),
        "parameters.search": (
            "Suchbegriffe, ohne Beachtung der Groß- und Kleinschreibung. Jeder muss in einem dieser Felder"
            " vorkommen: {names}."
        ),
        "parameters.fields": "Felder, die die Antwort enthalten soll. Standard: alle.",
        "parameters.filter.eq": "Nur Einträge, deren {name} gleich diesem Wert ist.",
        "parameters.filter.ne": "Nur Einträge, deren {name} vorhanden ist und von diesem Wert abweicht.",
        "parameters.filter.lt": "Nur Einträge, deren {name} kleiner als dieser Wert ist.",
        "parameters.filter.lte": "Nur Einträge, deren {name} höchstens diesem Wert entspricht.",
        "parameters.filter.gt": "Nur Einträge, deren {name} größer als dieser Wert ist.",
        "parameters.filter.gte": "Nur Einträge, deren {name} mindestens diesem Wert entspricht.",
        "parameters.filter.in": "Nur Einträge, deren {name} einer dieser Werte ist.",
        "parameters.filter.not_in": "Nur Einträge, deren {name} vorhanden und keiner dieser Werte ist.",
        "parameters.filter.isnull": "`true`: nur Einträge ohne {name}. `false`: nur Einträge mit {name}.",
        "parameters.filter.contains": "Nur Einträge, deren {name} diesen Text enthält.",
        "parameters.filter.icontains": (
            "Nur Einträge, deren {name} diesen Text enthält, ohne Beachtung der Groß- und Kleinschreibung."
        ),
        "parameters.filter.startswith": "Nur Einträge, deren {name} mit diesem Text beginnt.",
        "parameters.filter.istartswith": (
            "Nur Einträge, deren {name} mit diesem Text beginnt, ohne Beachtung der Groß- und Kleinschreibung."
        ),
        "parameters.filter.endswith": "Nur Einträge, deren {name} mit diesem Text endet.",
        "parameters.filter.iendswith": (
            "Nur Einträge, deren {name} mit diesem Text endet, ohne Beachtung der Groß- und Kleinschreibung."
        ),
        "parameters.version": "API-Version.",
        "parameters.version.default": "API-Version. Standard: {default}.",
        # The document: headers of responses and webhooks
        "headers.etag": "Aktuelle Version der Ressource, für `If-Match`.",
        "headers.etag.version": "Version der Ressource.",
        "headers.etag.file": "Version der Datei.",
        "headers.last_modified": "Datum der letzten Änderung.",
        "headers.content_disposition": "Vorgeschlagener Dateiname.",
        "headers.nosniff": "`nosniff`: Browser müssen den angegebenen `Content-Type` verwenden.",
        "headers.accept_ranges": "`bytes`: Die Datei kann mit `Range` in Bereichen abgerufen werden.",
        "headers.content_range": (
            "Bereich dieser Antwort: `bytes first-last/size`. Bei mehreren Bereichen hat jeder Teil seinen eigenen."
        ),
        "headers.content_range.size": "Größe der Datei: `bytes */size`.",
        "headers.allow": "Methoden, die die Ressource unterstützt.",
        "headers.accept": "Medientypen, die die Operation liest.",
        "headers.accept_encoding": "Inhaltskodierungen, die die Operation liest.",
        "headers.content_encoding": "Komprimierung des Bodys.",
        "headers.accept_query": "Medientypen, in denen eine Anfrage mit QUERY geschrieben sein kann.",
        "headers.cache_status": "Ob die Antwort im Cache des Servers lag (RFC 9211).",
        "headers.age": "Sekunden, seit die Antwort erzeugt wurde, falls sie im Cache lag.",
        "bodies.codings": "Kann komprimiert gesendet werden, mit `Content-Encoding`: {codings}.",
        "headers.retry_after": "Zeit bis zum nächsten Versuch: Sekunden oder ein Datum.",
        "headers.retry_after.seconds": "Sekunden bis zum nächsten Versuch.",
        "headers.www_authenticate": "Authentifizierungsverfahren der Operation.",
        "headers.www_authenticate.scopes": "Erforderliche Scopes.",
        "headers.content_language": "Sprache der Texte im Fehler.",
        "headers.request_id": "Kennung der Anfrage: Mit ihr sagen die Logs, was geschah.",
        "headers.vary": "Header der Anfrage, von denen die Antwort abhängt.",
        "headers.cache_control": "Caching-Regeln für die Antwort.",
        "headers.pagination": "Metadaten zur Paginierung als JSON-Objekt mit: {members}.",
        "headers.link.pages": "Links auf die Seiten `first`, `prev`, `next` und `last`, soweit vorhanden (RFC 8288).",
        "headers.link.replacement": "Links auf den Ersatz und auf weitere Informationen.",
        "headers.deprecation": "Datum, seit dem die Operation veraltet ist (RFC 9745).",
        "headers.sunset": "Datum, an dem die Operation entfernt wird (RFC 8594).",
        "headers.version": "API-Version der Antwort.",
        "headers.rate_limit": "Verbleibendes Kontingent `r` und Sekunden `t` bis zum Zurücksetzen, je Regel.",
        "headers.rate_limit_policy": (
            "Regeln der Ratenbegrenzung: Name, Kontingent `q` und Zeitfenster `w` in Sekunden."
        ),
        "headers.idempotency_replayed": "`true`: Antwort einer früheren Anfrage mit demselben Schlüssel.",
        "headers.allow_origin": "Ursprung, dessen Seiten die Antwort lesen dürfen, oder `*`.",
        "headers.allow_credentials": "`true`: Die Anfrage darf Cookies enthalten.",
        "headers.frame_options": "Seiten, die die Antwort in einem Frame anzeigen dürfen.",
        "headers.referrer_policy": "Teil dieser URL, den andere Websites in `Referer` erhalten.",
        "headers.resource_policy": "Websites, die die Antwort einbetten dürfen.",
        "headers.content_security_policy": "Inhalte, die die Antwort als Seite laden darf: keine.",
        "headers.transport_security": "Zeitraum, in dem Browser nur HTTPS verwenden.",
        "headers.webhook_id": "ID der Nachricht. Eine erneute Zustellung hat dieselbe ID.",
        "headers.webhook_timestamp": "Zeitpunkt des Sendens in Sekunden seit 1970-01-01T00:00:00Z.",
        "headers.webhook_signature": (
            "`v1,` und der HMAC-SHA256 von ID, Zeitstempel und Body, durch Punkte verbunden, in Base64."
        ),
        # The document: responses
        "responses.not_modified": "Der Client hat diese Version bereits.",
        "responses.ranges": "Die angeforderten Bereiche.",
        "responses.scope": "Die Anmeldedaten müssen den Scope {scopes} haben.",
        "responses.scopes": "Die Anmeldedaten müssen die Scopes {scopes} haben.",
        "responses.received": "Die Nachricht wurde empfangen.",
        "responses.refused": "Die Nachricht wurde abgelehnt.",
        "responses.webhook_processed": "Der Webhook wurde bereits verarbeitet.",
        # The document: schemas and their members
        "schemas.problem": "Angaben zum Fehler (RFC 9457).",
        "schemas.problem.type": "URI des Fehlertyps. Im Browser geöffnet zeigt sie die Dokumentation des Fehlers.",
        "schemas.problem.title": "Bezeichnung des HTTP-Status.",
        "schemas.problem.status": "HTTP-Statuscode.",
        "schemas.problem.code": "Name des Fehlers, für Programme.",
        "schemas.problem.detail": "Erläuterung dieses Fehlerfalls.",
        "schemas.problem.request_id": "Kennung der Anfrage.",
        "schemas.issue": "Ein ungültiger Wert, für Programme.",
        "schemas.issue.location": "Teil der Anfrage, wie in `errors`.",
        "schemas.issue.path": "Pfad des Werts in diesem Teil: Namen und Indizes. Leer für den ganzen Teil.",
        "schemas.issue.code": "Name der verletzten Regel. Die API kann weitere Codes als die Beispiele definieren.",
        "schemas.issue.params": "Grenzwerte der Regel, zum Beispiel `min` und `max`.",
        "schemas.issue.message": "Die Meldung, wie in `errors`.",
        "schemas.control_event": "Ein Ereignis des Servers: Der Strom endet, oder Ereignisse wurden ausgelassen.",
        "schemas.validation_problem": "Validierungsfehler der Anfrage (RFC 9457).",
        "schemas.validation_problem.errors": "Meldungen nach Teil der Anfrage und nach Feldpfad.",
        "schemas.validation_problem.issues": (
            "Dieselben Fehler als Liste für Programme. Sehr lange Antworten lassen die letzten weg."
        ),
        "schemas.versions": "Verfügbare Versionen, die älteste zuerst.",
        "schemas.tokens.access_token": "Access-Token. Senden Sie es als `Authorization: Bearer ...`.",
        "schemas.tokens.token_type": "Art des Access-Tokens (RFC 6750).",
        "schemas.tokens.expires_in": "Sekunden, bis das Access-Token abläuft.",
        "schemas.tokens.refresh_token": "Refresh-Token. Es kann einmal verwendet werden.",
        "schemas.tokens.scope": "Scopes des Access-Tokens, durch Leerzeichen getrennt.",
        "schemas.tokens.token": "Access-Token oder Refresh-Token.",
        "schemas.tokens.token_type_hint": (
            "`access_token` oder `refresh_token`. Wird ignoriert: Das Token selbst gibt es an."
        ),
        "schemas.jwks.keys": "Die Schlüssel, jeder ein JSON Web Key.",
        "routers.tokens": "Tokens erneuern und widerrufen.",
        "routers.jwks": "Öffentliche Schlüssel zur Prüfung von Tokens.",
        "operations.refresh_tokens": "Tokens erneuern.",
        "operations.refresh_tokens.more": (
            "Gibt ein neues Access-Token und ein neues Refresh-Token zurück. Das Refresh-Token der Anfrage"
            " ist verbraucht; wird es später erneut gesendet, werden alle Tokens der Anmeldung widerrufen."
        ),
        "operations.revoke_token": "Ein Token widerrufen.",
        "operations.revoke_token.more": (
            "Ein Refresh-Token beendet seine Anmeldung mit allen Tokens. Ein ungültiges Token wird wie ein"
            " gültiges beantwortet (RFC 7009)."
        ),
        "operations.jwks": "Die öffentlichen Schlüssel abrufen.",
        "schemas.api_key.id": "ID des Schlüssels. Sie ist Teil des Schlüssels und nicht geheim.",
        "schemas.api_key.name": "Zweck des Schlüssels.",
        "schemas.api_key.scopes": "Scopes des Schlüssels.",
        "schemas.api_key.created_at": "Zeitpunkt der Erstellung.",
        "schemas.api_key.expires_at": "Zeitpunkt, zu dem der Schlüssel abläuft. `null`: nie.",
        "schemas.api_key.revoked_at": "Zeitpunkt, zu dem der Schlüssel widerrufen wurde, oder `null`.",
        "schemas.api_key.replaced_by": "ID des Schlüssels, der diesen ersetzt, oder `null`.",
        "schemas.api_key.last_used_at": (
            "Zeitpunkt der letzten Verwendung, auf eine Minute genau. `null`: nie verwendet."
        ),
        "schemas.api_key.key": "Der Schlüssel. Er wird nur einmal angezeigt.",
        "schemas.api_key.overlap_hours": "Stunden, für die der alte Schlüssel gültig bleibt.",
        "schemas.api_key.expires_in_days": "Tage, bis der Schlüssel abläuft. Standard: nie.",
        "routers.api_keys": "Ihre API-Schlüssel.",
        "operations.list_api_keys": "Ihre API-Schlüssel auflisten, die neuesten zuerst.",
        "operations.create_api_key": "Einen API-Schlüssel erstellen.",
        "operations.create_api_key.more": ("Die Antwort enthält den Schlüssel. Er kann nicht erneut abgerufen werden."),
        "operations.revoke_api_key": "Einen API-Schlüssel widerrufen.",
        "operations.rotate_api_key": "Einen API-Schlüssel ersetzen.",
        "operations.rotate_api_key.more": (
            "Erstellt einen Schlüssel mit demselben Namen, denselben Scopes und derselben Lebensdauer. Der"
            " alte Schlüssel bleibt einige Stunden gültig."
        ),
        "schemas.missing_scopes": "Scopes, die den Anmeldedaten fehlen.",
        "schemas.missing_permission": "Berechtigung, die dem Benutzer fehlt.",
        "schemas.page": "Eine Seite einer Liste mit Metadaten zur Paginierung.",
        "schemas.envelope": "Daten mit Metadaten.",
        "schemas.pagination": "Position einer Seite in der ganzen Liste.",
        "schemas.pagination.offset": "Position eines Ausschnitts in der ganzen Liste.",
        "schemas.pagination.cursor": "Cursor der benachbarten Seiten einer Liste.",
        "schemas.total": "Gesamtzahl der Einträge.",
        "schemas.total_pages": "Gesamtzahl der Seiten.",
        "schemas.first_page": "Nummer der ersten Seite.",
        "schemas.last_page": "Nummer der letzten Seite.",
        "schemas.page_number": "Nummer dieser Seite.",
        "schemas.previous_page": "Nummer der vorigen Seite.",
        "schemas.next_page": "Nummer der nächsten Seite.",
        "schemas.offset": "Anzahl der Einträge vor dieser Seite.",
        "schemas.limit": "Maximale Anzahl der Einträge auf dieser Seite.",
        "schemas.previous_offset": "Offset der vorigen Seite.",
        "schemas.next_offset": "Offset der nächsten Seite.",
        "schemas.previous_cursor": "Cursor der vorigen Seite.",
        "schemas.next_cursor": "Cursor der nächsten Seite.",
        "schemas.json_patch": "Eine Operation eines JSON-Patch (RFC 6902, Abschnitt 4).",
        "schemas.json_patch.write": "Ein Element hinzufügen, ersetzen oder seinen Wert prüfen.",
        "schemas.json_patch.remove": "Ein Element entfernen.",
        "schemas.json_patch.move": "Ein Element verschieben oder kopieren.",
        "schemas.merge_patch": (
            "Änderungen an {name}: Fehlende Elemente bleiben unverändert, `null` entfernt ein Element."
        ),
        "schemas.timestamp": "Sekunden seit 1970-01-01T00:00:00Z.",
        "schemas.timestamp_ms": "Millisekunden seit 1970-01-01T00:00:00Z.",
        "schemas.rfc822": "Datum und Uhrzeit im Format von RFC 822, Abschnitt 5.",
        "schemas.date_format": "Datum und Uhrzeit im Format {format!r}.",
        "schemas.duration": "Dauer in `{unit}`.",
        "schemas.ip_interface": "IP-Adresse mit Präfixlänge, zum Beispiel 192.0.2.1/24.",
        "schemas.at_least": "Mindestens {value}.",
        "schemas.after": "Nach {value}.",
        "schemas.at_most": "Höchstens {value}.",
        "schemas.before": "Vor {value}.",
        "schemas.pieces": "{min} bis {max} Teile.",
        "schemas.pieces.open": "Mindestens {min} Teile.",
        # The document: security schemes and tags
        "security.webhook": (
            "Signatur nach Standard Webhooks über `webhook-id`, `webhook-timestamp` und Inhalt: `v1,` mit HMAC-SHA256"
            " oder `v1a,` mit Ed25519."
        ),
        "security.word": "Das Wort `{word}`, ein Leerzeichen und das Token: `{word} xxx.yyy.zzz`",
        "tags.default": "Operationen von {name}.",
        # The documentation pages
        "docs.skip": "Zum Inhalt springen",
        "docs.menu": "Menü",
        "docs.navigation": "Dokumentation",
        "docs.theme": "Zwischen hell und dunkel wechseln",
        "docs.documents": "Dokumente",
        "docs.overview": "Überblick",
        "docs.operations": "Operationen",
        "docs.operation": "Operation",
        "docs.schemas": "Schemas",
        "docs.schema": "Schema",
        "docs.errors": "Fehler",
        "docs.error": "Fehler",
        "docs.errors.unused": "Keine Operation des Dokuments deklariert diesen Fehler.",
        "docs.authentication": "Authentifizierung",
        "docs.webhooks": "Webhooks",
        "docs.webhook": "Webhook",
        "docs.changelog": "Änderungen",
        "docs.changelog.since": "Version {version} im Vergleich zu {before}",
        "docs.changelog.none": "Keine Änderungen, die Clients bemerken könnten.",
        "docs.changelog.breaking": "Inkompatibel",
        "docs.changelog.risky": "Riskant",
        "docs.changelog.compatible": "Kompatibel",
        "docs.search": "Suche",
        "docs.not_served": "Das Dokument dieser API wird hier nicht bereitgestellt.",
        "docs.needs_script": "Diese Seite benötigt JavaScript. Die Referenz und das Dokument benötigen keines:",
        "docs.servers": "Basis-URL",
        "docs.contact": "Kontakt",
        "docs.license": "Lizenz",
        "docs.terms": "Nutzungsbedingungen",
        "docs.document": "OpenAPI-Dokument",
        "docs.tag": "Tag",
        "docs.method": "Methode",
        "docs.path": "Pfad",
        "docs.summary": "Zusammenfassung",
        "docs.meaning": "Beschreibung",
        "docs.name": "Name",
        "docs.type": "Typ",
        "docs.kind": "Art",
        "docs.status": "Status",
        "docs.code": "Code",
        "docs.members": "Felder",
        "docs.example": "Beispiel",
        "docs.request": "Anfrage",
        "docs.response": "Antwort",
        "docs.parameters.path": "Pfadparameter",
        "docs.parameters.query": "Query-Parameter",
        "docs.parameters.header": "Header",
        "docs.parameters.cookie": "Cookies",
        "docs.body": "Inhalt der Anfrage",
        "docs.responses": "Antworten",
        "docs.responses.expected": "Erwartete Antworten",
        "docs.headers": "Header",
        "docs.headers.common": "Header der meisten Antworten",
        "docs.links": "Links",
        "docs.callbacks": "Callbacks",
        "docs.several_errors": "{count} Fehler",
        "docs.required": "erforderlich",
        "docs.deprecated": "Veraltet",
        "docs.deprecated.until": "Veraltet, entfällt am {date}",
        "docs.badge.required": "Authentifizierung",
        "docs.badge.optional": "Optionale Authentifizierung",
        "docs.badge.limits": "Ratenbegrenzt",
        "docs.badge.idempotency": "Idempotenzschlüssel",
        "docs.badge.caching": "Cachebar (ETag)",
        "docs.badge.conditional": "If-Match erforderlich",
        "docs.badge.stream": "Stream",
        "docs.any": "beliebig",
        "docs.array": "Array von {items}",
        "docs.stream_of": "Stream von {items}",
        "docs.or": "{rest} oder {last}",
        "docs.and": "{rest} und {last}",
        "docs.by": "nach {name}",
        "docs.one_of": "Eines von:",
        "docs.unfold": "Felder von {name}",
        "docs.other_members": "jeder andere Name",
        "docs.closed": "Keine weiteren Felder.",
        "docs.rule.length": "Länge",
        "docs.rule.items": "Elemente",
        "docs.rule.members": "Felder",
        "docs.rule.range": "Bereich",
        "docs.rule.multiple": "Vielfaches von",
        "docs.rule.pattern": "Muster",
        "docs.rule.constant": "Immer",
        "docs.rule.values": "Werte",
        "docs.rule.more": "{count} weitere",
        "docs.rule.default": "Standard",
        "docs.rule.example": "Beispiel",
        "docs.rule.unique": "Eindeutige Elemente",
        "docs.rule.read_only": "Nur lesbar",
        "docs.rule.write_only": "Nur schreibbar",
        "docs.auth.header": "Senden Sie den Schlüssel im Header {name}.",
        "docs.auth.query": "Senden Sie den Schlüssel im Query-Parameter {name}.",
        "docs.auth.cookie": "Senden Sie den Schlüssel im Cookie {name}.",
        "docs.auth.basic": "Senden Sie Benutzername und Passwort mit HTTP Basic (RFC 7617).",
        "docs.auth.bearer": "Senden Sie das Token im Header Authorization.",
        "docs.auth.tls": "Verbinden Sie sich mit einem Client-Zertifikat (mutual TLS).",
        "docs.auth.openid": "Tokens stellt der OpenID-Provider aus, beschrieben unter",
        "docs.auth.flow.authorizationCode": "OAuth 2: Authorization Code",
        "docs.auth.flow.clientCredentials": "OAuth 2: Client Credentials",
        "docs.auth.flow.password": "OAuth 2: Passwort",
        "docs.auth.flow.implicit": "OAuth 2: Implicit",
        "docs.auth.flow.deviceAuthorization": "OAuth 2: Device Authorization",
        "docs.auth.authorize": "Autorisierungs-URL",
        "docs.auth.device": "Device-Authorization-URL",
        "docs.auth.token": "Token-URL",
        "docs.auth.refresh": "Refresh-URL",
        "docs.auth.scope": "Scope",
        "docs.auth.uses": "Operationen: {count}",
        "docs.try": "Ausprobieren",
        "docs.script.copy": "Kopieren",
        "docs.script.copied": "Kopiert",
        "docs.script.nothing_found": "Nichts gefunden.",
        "docs.script.send": "Senden",
        "docs.script.stop": "Stoppen",
        "docs.script.clear": "Schließen",
        "docs.script.body": "Inhalt",
        "docs.script.file": "Datei",
        "docs.script.download": "Herunterladen",
        "docs.script.credentials": "Zugangsdaten",
        "docs.script.token": "Token",
        "docs.script.user": "Benutzername",
        "docs.script.password": "Passwort",
        "docs.script.failed": (
            "Die Anfrage ist fehlgeschlagen. Der Server ist möglicherweise nicht erreichbar oder erlaubt"
            " keine Aufrufe von dieser Seite."
        ),
        "docs.script.ended": "Ende des Streams",
        "docs.script.stopped": "Gestoppt",
        "docs.script.optional": "Keine",
    }
)
