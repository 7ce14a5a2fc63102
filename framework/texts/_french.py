"""The French texts.

Floor 0.
"""

from __future__ import annotations

import collections.abc as cabc
import types
import typing as t

FRENCH: t.Final[cabc.Mapping[str, str]] = types.MappingProxyType(
    {
        # Error classes: the text is the docstring of the class, under its ``error_code``
        "bad_request": "La requête est mal formée.",
        "unauthorized": "La requête ne contient pas d'identifiants valides.",
        "forbidden": "Le client n'est pas autorisé à effectuer cette opération.",
        "not_found": "Ressource introuvable.",
        "method_not_allowed": "Méthode non autorisée pour cette ressource.",
        "not_acceptable": "Aucun des types de média acceptés par le client n'est disponible.",
        "request_timeout": "La requête n'est pas arrivée à temps.",
        "conflict": "La requête est en conflit avec l'état actuel de la ressource.",
        "gone": "La ressource a été définitivement supprimée.",
        "length_required": "La requête doit contenir un en-tête `Content-Length`.",
        "precondition_failed": "La ressource a changé depuis la version indiquée dans la requête.",
        "request_entity_too_large": "Le corps de la requête dépasse la taille acceptée par le serveur.",
        "request_uri_too_large": "L'URL dépasse la longueur acceptée par le serveur.",
        "unsupported_media_type": "L'opération n'accepte pas le type de média du corps de la requête.",
        "requested_range_not_satisfiable": "La plage demandée est en dehors de la ressource.",
        "expectation_failed": "Le serveur ne peut pas satisfaire l'en-tête `Expect`.",
        "im_a_teapot": "Le serveur est une théière et ne peut pas préparer de café (RFC 2324).",
        "misdirected_request": "La requête a atteint un serveur qui n'est pas responsable de cet hôte.",
        "unprocessable_entity": "La requête est bien formée, mais son contenu n'est pas valide.",
        "locked": "La ressource est verrouillée.",
        "failed_dependency": "Une requête dont celle-ci dépend a échoué.",
        "precondition_required": "La requête doit être conditionnelle : envoyez `If-Match`.",
        "too_many_requests": "Le client a envoyé trop de requêtes. `Retry-After` indique quand réessayer.",
        "request_header_fields_too_large": "Un en-tête de la requête dépasse la longueur acceptée par le serveur.",
        "unavailable_for_legal_reasons": "La ressource n'est pas disponible pour des raisons juridiques.",
        "internal_server_error": "Erreur inattendue du serveur.",
        "not_implemented": "Le serveur ne prend pas en charge cette méthode.",
        "bad_gateway": "Un serveur en amont a envoyé une réponse invalide.",
        "service_unavailable": "Le serveur est temporairement indisponible. `Retry-After` indique quand réessayer.",
        "gateway_timeout": "Un serveur en amont n'a pas répondu à temps.",
        "http_version_not_supported": "Le serveur ne prend pas en charge cette version de HTTP.",
        "validation_failed": (
            "La requête ne respecte pas son schéma. `errors` indique les champs non valides et les raisons."
        ),
        "patch_conflict": (
            "Le patch ne correspond pas à l'état actuel de la ressource : un test a échoué ou un chemin n'existe pas."
        ),
        "credentials_missing": "La requête doit être authentifiée. `WWW-Authenticate` indique comment.",
        "credentials_invalid": "Les identifiants sont incorrects, expirés ou révoqués.",
        "scopes_missing": "Les identifiants sont valides, mais il leur manque une portée requise.",
        "permission_denied": "L'utilisateur est authentifié, mais il n'est pas autorisé à effectuer cette opération.",
        "csrf_failed": (
            "Un navigateur a envoyé le cookie de l'utilisateur, mais rien ne prouve que la requête provient"
            " d'une page de cette application."
        ),
        "idempotency_key_missing": "La requête doit contenir un `Idempotency-Key` unique, par exemple un UUID.",
        "idempotency_key_invalid": (
            "L'`Idempotency-Key` n'est pas valide. Il doit comporter de 1 à 255 caractères ASCII imprimables,"
            " de préférence entre guillemets doubles."
        ),
        "idempotency_key_reused": (
            "L'`Idempotency-Key` a déjà été utilisé pour une autre requête. Envoyez chaque requête avec sa propre clé."
        ),
        "request_in_progress": (
            "Une requête avec cet `Idempotency-Key` est en cours. Réessayez plus tard pour obtenir sa réponse."
        ),
        "answer_not_kept": (
            "La requête avec cet `Idempotency-Key` a été exécutée, mais sa réponse était trop volumineuse pour"
            " être conservée."
        ),
        "outcome_unknown": (
            "La requête avec cet `Idempotency-Key` a été commencée, mais son résultat est inconnu. Vérifiez si"
            " elle a été exécutée ; sinon, renvoyez-la avec une nouvelle clé."
        ),
        "idempotency_unavailable": (
            "Les clés d'idempotence sont temporairement indisponibles. La requête n'a pas été exécutée."
        ),
        "webhook_malformed": (
            "La requête n'est pas un webhook signé : `webhook-id`, `webhook-timestamp` ou `webhook-signature` est"
            " absent ou mal formé."
        ),
        "webhook_expired": (
            "Le webhook n'a pas été signé à l'instant : `webhook-timestamp` est trop éloigné de l'heure du serveur."
            " Signez chaque tentative à nouveau."
        ),
        "webhook_signature_invalid": (
            "Aucune signature de `webhook-signature` n'est valide pour cet ID, cette heure et ce corps."
        ),
        "webhook_in_progress": "Le webhook avec cet `webhook-id` est en cours de traitement. Réessayez plus tard.",
        "webhook_unavailable": "Les webhooks ne sont temporairement pas traités. Réessayez plus tard.",
        "rate_limit_exceeded": (
            "Le client a envoyé trop de requêtes. `Retry-After` indique dans combien de secondes réessayer."
        ),
        "deadline_exceeded": "La requête a duré plus longtemps que l'opération ne le permet.",
        "overloaded": (
            "Le serveur a atteint sa limite de requêtes simultanées. `Retry-After` indique quand réessayer."
        ),
        "constraint_violated": (
            "La requête ne respecte pas une contrainte de la base de données. `errors` indique les champs, s'ils sont"
            " connus."
        ),
        "already_exists": ("Une autre ressource a la même valeur, qui doit être unique."),
        "reference_violated": (
            "La requête fait référence à une ressource qui n'existe pas, ou supprime une ressource à laquelle"
            " d'autres font référence."
        ),
        "rule_violated": ("Les valeurs ne respectent pas une règle de la base de données."),
        "concurrent_update": (
            "Une autre requête a modifié ou supprimé la ressource entre-temps. Récupérez-la de nouveau."
        ),
        "database_busy": (
            "La base de données est occupée. La requête n'a pas été exécutée. `Retry-After` indique quand réessayer."
        ),
        "database_unavailable": (
            "La base de données ne répond pas. La requête n'a pas été exécutée. `Retry-After` indique quand réessayer."
        ),
        "rate_limit_unavailable": (
            "La limitation de débit est temporairement indisponible. Aucune requête n'est acceptée sans contrôle."
        ),
        "session_unavailable": (
            "Le stockage des sessions ne répond pas. `Retry-After` indique dans combien de secondes réessayer."
        ),
        "channel_unavailable": (
            "L'événement n'a pas pu être publié. `Retry-After` indique dans combien de secondes réessayer."
        ),
        "upgrade_required": "La ressource est un WebSocket. Connectez-vous par le protocole WebSocket.",
        "origin_refused": "La page qui se connecte a une origine à laquelle le serveur ne fait pas confiance.",
        "refresh_token_invalid": (
            "Le jeton d'actualisation n'est pas valide, a expiré, a été révoqué ou a déjà été utilisé."
            " L'utilisateur doit se reconnecter."
        ),
        "api_key_not_found": "Aucune clé d'API n'a cet identifiant.",
        "api_key_inactive": "La clé d'API a expiré, a été révoquée ou déjà remplacée.",
        "too_many_api_keys": "L'utilisateur a autant de clés d'API qu'autorisé. Il faut d'abord en révoquer une.",
        "authentication_unavailable": (
            "Les identifiants ne peuvent pas être vérifiés pour le moment. Réessayez plus tard avec les mêmes."
        ),
        "token_error": "Le jeton n'est pas valide.",
        "token_invalid": "Le jeton est altéré ou falsifié, ou a été émis pour un autre usage.",
        "token_expired": "Le jeton a expiré.",
        "token_revoked": "Le jeton a été révoqué avant son expiration.",
        "unknown_version": (
            "La requête indique une version inconnue, deux versions, ou aucune alors qu'une version est requise."
        ),
        "version_not_acceptable": (
            "La réponse est demandée dans une version inconnue, ou dans aucune alors qu'une version est requise."
        ),
        "unsupported_version": (
            "Le corps de la requête est dans une version inconnue, ou différente de celle demandée pour la réponse."
        ),
        "retired": "L'opération a été retirée. L'en-tête `Link` mène à son remplacement, s'il y en a un.",
        # ``detail`` of errors, under ``error_code`` and what happened
        "bad_request.body": "Le corps de la requête n'est pas du {format} valide : {reason}",
        "bad_request.json": "Le corps de la requête n'est pas du JSON valide.",
        "bad_request.body_length": "Le corps de la requête est plus court que son Content-Length.",
        "bad_request.body_unreadable": "Le corps de la requête n'a pas pu être lu jusqu'à la fin.",
        "bad_request.coding": "Le corps de la requête n'est pas du {coding} valide.",
        "bad_request.coding_ends": "Le corps de la requête se termine avant ses données {coding}.",
        "bad_request.path_encoding": "Le chemin n'est pas encodé en UTF-8.",
        "bad_request.form": "Le corps de la requête n'est pas un formulaire multipart valide.",
        "bad_request.form_boundary": "Le type de média du corps de la requête n'a pas de paramètre boundary.",
        "bad_request.form_encoding": "Le formulaire n'est pas encodé en UTF-8.",
        "bad_request.tags_length": "L'en-tête {name} comporte plus de {max} caractères.",
        "bad_request.tags": (
            "L'en-tête {name} n'est ni '*' ni une liste d'étiquettes d'entité entre guillemets doubles."
        ),
        "request_entity_too_large.body": "Le corps de la requête dépasse {limit} octets.",
        "request_entity_too_large.members": "Le corps de la requête comporte plus de {limit} éléments.",
        "request_entity_too_large.form": "Le formulaire dépasse {limit} octets.",
        "request_entity_too_large.form_values": "Le formulaire comporte plus de {limit} valeurs.",
        "request_entity_too_large.part": "La partie {name!r} du formulaire dépasse {limit} octets.",
        "request_entity_too_large.part_members": (
            "La partie {name!r} du formulaire comporte plus de {limit} éléments."
        ),
        "unsupported_media_type.other": (
            "Le type de média du corps de la requête doit être {allowed}, et non {given}."
        ),
        "unsupported_media_type.missing": (
            "Le type de média du corps de la requête doit être {allowed}. La requête n'a pas de Content-Type."
        ),
        "unsupported_media_type.coding": (
            "Le codage de contenu du corps de la requête doit être {allowed}, et non {given}."
        ),
        "unsupported_media_type.json": (
            "Le corps de la requête n'est pas du JSON : son Content-Type n'est pas application/json."
        ),
        "not_acceptable.media_types": "Types de média disponibles : {available}.",
        "not_found.file": "Le fichier n'existe plus.",
        "not_found.docs_file": "La documentation ne contient pas ce fichier.",
        "not_found.docs_page": "La documentation ne contient pas cette page.",
        "not_found.error_name": "Nom d'erreur inconnu.",
        "precondition_required.etag": "Envoyez If-Match avec l'ETag d'une réponse à GET.",
        "precondition_failed.changed": "La ressource a changé depuis cette version. Récupérez-la à nouveau.",
        "patch_conflict.not_object": "Le patch remplacerait la ressource par une valeur qui n'est pas un objet.",
        "patch_conflict.depth": (
            "L'opération {number} ({name} {path}) imbriquerait la ressource sur plus de {max} niveaux."
        ),
        "patch_conflict.copies": "Avec l'opération {number} ({name} {path}), les copies dépassent {max} octets.",
        "patch_conflict.test": "Le test de l'opération {number} ({name} {path}) a échoué.",
        "patch_conflict.path": "Le chemin de l'opération {number} ({name} {path}) n'existe pas.",
        "credentials_missing.detail": "Des identifiants sont requis.",
        "credentials_invalid.detail": "Les identifiants ne sont pas valides.",
        "scopes_missing.one": "Il manque aux identifiants la portée {scopes}.",
        "scopes_missing.several": "Il manque aux identifiants les portées {scopes}.",
        "permission_denied.name": "L'autorisation {name!r} est requise.",
        "upgrade_required.server": "Le serveur n'accepte pas de connexions WebSocket.",
        "service_unavailable.sockets": "Le nombre maximal de WebSockets ouverts sur le serveur est atteint.",
        "csrf_failed.origin": "La requête a été envoyée par une page d'une autre origine.",
        "csrf_failed.missing": "L'en-tête {header} est absent. Envoyez-y le jeton CSRF.",
        "csrf_failed.token": "Le jeton CSRF de l'en-tête {header} n'est pas valide.",
        "idempotency_key_missing.detail": "L'en-tête Idempotency-Key est absent.",
        "idempotency_key_invalid.detail": (
            "Idempotency-Key non valide. Envoyez de 1 à 255 caractères ASCII imprimables."
        ),
        "idempotency_key_reused.detail": "Cette clé d'idempotence a déjà été utilisée pour une autre requête.",
        "request_in_progress.detail": "Une requête avec cette clé d'idempotence est en cours.",
        "answer_not_kept.detail": (
            "La requête avec cette clé d'idempotence a été exécutée, mais sa réponse était trop volumineuse"
            " pour être conservée."
        ),
        "outcome_unknown.detail": (
            "La requête avec cette clé d'idempotence a été commencée, mais son résultat est inconnu. Vérifiez"
            " si elle a été exécutée ; sinon, renvoyez-la avec une nouvelle clé."
        ),
        "idempotency_unavailable.detail": (
            "Les clés d'idempotence sont temporairement indisponibles. La requête n'a pas été exécutée."
        ),
        "webhook_malformed.detail": (
            "La requête n'est pas un webhook signé : webhook-id, webhook-timestamp ou webhook-signature est absent ou"
            " mal formé."
        ),
        "webhook_expired.detail": "Le webhook-timestamp est trop éloigné de l'heure du serveur.",
        "webhook_signature_invalid.detail": "La webhook-signature n'est pas valide.",
        "webhook_in_progress.detail": "Le webhook avec cet webhook-id est en cours de traitement.",
        "webhook_unavailable.detail": "Les webhooks ne sont temporairement pas traités. Réessayez plus tard.",
        "webhook.encoded": "Envoyez le webhook signé sans Content-Encoding.",
        "mcp.unknown_argument": "Argument inconnu : '{name}'.",
        "mcp.missing_argument": "L'argument '{name}' est absent.",
        "mcp.too_great": "L'argument '{name}' est supérieur à {max}.",
        "mcp.header_text": "L'argument '{name}' contient des caractères qui ne sont pas de l'ASCII imprimable.",
        "mcp.too_long": (
            "L'opération a été exécutée avec le statut {status}, mais sa réponse dépasse {max} octets. Demandez moins"
            " d'éléments ou de champs."
        ),
        "rate_limit_exceeded.detail": "Trop de requêtes. Réessayez après le délai indiqué dans Retry-After.",
        "deadline_exceeded.detail": "L'opération a pris trop de temps.",
        "overloaded.detail": ("Trop de requêtes simultanées. Réessayez après le délai de Retry-After."),
        "already_exists.detail": ("Une ressource avec ces valeurs existe déjà."),
        "already_exists.member": ("Déjà pris."),
        "reference_violated.detail": (
            "La requête fait référence à une ressource qui n'existe pas, ou supprime une ressource utilisée."
        ),
        "reference_violated.member": ("N'existe pas, ou est utilisé."),
        "rule_violated.detail": ("Les valeurs ne respectent pas une règle de la base de données."),
        "rule_violated.member": ("Non autorisé."),
        "concurrent_update.detail": ("La ressource a été modifiée entre-temps. Récupérez-la de nouveau."),
        "database_busy.detail": ("La base de données est occupée. Réessayez après le délai de Retry-After."),
        "database_unavailable.detail": ("La base de données ne répond pas. Réessayez après le délai de Retry-After."),
        "rate_limit_unavailable.detail": "La limitation de débit est temporairement indisponible.",
        "session_unavailable.detail": "Les sessions sont temporairement indisponibles.",
        "refresh_token_invalid.detail": (
            "Le jeton d'actualisation n'est pas valide, a expiré ou a été révoqué. Reconnectez-vous."
        ),
        "api_key_not_found.detail": "Aucune clé d'API n'a cet identifiant.",
        "api_key_inactive.detail": "La clé d'API a expiré, a été révoquée ou déjà remplacée.",
        "too_many_api_keys.detail": "Vous avez autant de clés d'API qu'autorisé. Révoquez-en d'abord une.",
        "authentication_unavailable.detail": "Les identifiants ne peuvent pas être vérifiés pour le moment.",
        "token_invalid.detail": "Le jeton n'est pas valide.",
        "token_expired.detail": "Le jeton a expiré.",
        "token_revoked.detail": "Le jeton a été révoqué.",
        "unknown_version.missing": "Indiquez une version : {place}. Versions disponibles : {versions}.",
        "unknown_version.name": "Version inconnue : {given!r}. Versions disponibles : {versions}.",
        "unknown_version.several": "La requête indique plusieurs versions : {given}. Indiquez-en une.",
        "version_not_acceptable.missing": "Envoyez Accept avec {media_type}. Versions disponibles : {versions}.",
        "unsupported_version.name": (
            "Version inconnue du corps de la requête : {given!r}. Versions disponibles : {versions}."
        ),
        "unsupported_version.other": (
            "Le corps de la requête est en version {given}, mais la réponse est demandée en {wanted}. Versions"
            " disponibles : {versions}."
        ),
        "validation_failed.has_one": "{part} contient 1 champ non valide.",
        "validation_failed.has_several": "{part} contient {count} champs non valides.",
        "validation_failed.have_one": "{part} contiennent 1 champ non valide.",
        "validation_failed.have_several": "{part} contiennent {count} champs non valides.",
        "validation_failed.more": "D'autres erreurs ne sont pas listées.",
        "shortened": "La réponse a été abrégée.",
        # Parts of a request, within other texts
        "parts.json": "Le corps de la requête",
        "parts.form": "Le formulaire",
        "parts.query": "La chaîne de requête",
        "parts.path": "Le chemin",
        "parts.headers": "Les en-têtes",
        "parts.cookies": "Les cookies",
        "parts.other": "{name}",
        "places.header": "en-tête {name}",
        "places.parameter": "paramètre {name}",
        "places.media_type": "type de média {name}",
        "list.or": "{rest} ou {last}",
        "list.and": "{rest} et {last}",
        "list.sentences": "{first} {second}",
        "hint": "{text} Vouliez-vous dire {name!r} ?",
        # Messages of fields, under ``issues`` and their code
        "issues.required": "Champ obligatoire manquant.",
        "issues.required.body": "Le corps de la requête est absent.",
        "issues.null": "Le champ ne peut pas être null.",
        "issues.unknown": "Champ inconnu.",
        "issues.given_twice": "Indiqué plusieurs fois.",
        "issues.read_only": "Champ en lecture seule.",
        "issues.invalid": "Valeur non valide.",
        "issues.invalid_string": "Chaîne non valide.",
        "issues.invalid_utf8": "Chaîne UTF-8 non valide.",
        "issues.invalid_utf8.query": "La chaîne de requête n'est pas encodée en UTF-8.",
        "issues.forbidden_character": "Le caractère U+0000 n'est pas autorisé.",
        "issues.invalid_integer": "Nombre entier non valide.",
        "issues.invalid_number": "Nombre non valide.",
        "issues.not_finite": "Les valeurs numériques spéciales (NaN ou infini) ne sont pas autorisées.",
        "issues.invalid_boolean": "Booléen non valide.",
        "issues.invalid_datetime": "Date-heure non valide.",
        "issues.offset_required": "La date-heure doit comporter un décalage UTC.",
        "issues.offset_forbidden": "La date-heure ne doit pas comporter de décalage UTC.",
        "issues.invalid_date": "Date non valide.",
        "issues.invalid_time": "Heure non valide.",
        "issues.invalid_duration": "Durée non valide.",
        "issues.invalid_uuid": "UUID non valide.",
        "issues.invalid_email": "Adresse e-mail non valide.",
        "issues.invalid_url": "URL non valide.",
        "issues.invalid_ip": "Adresse IP non valide.",
        "issues.invalid_ipv4": "Adresse IPv4 non valide.",
        "issues.invalid_ipv6": "Adresse IPv6 non valide.",
        "issues.invalid_ip_interface": "Interface IP non valide.",
        "issues.invalid_ipv4_interface": "Interface IPv4 non valide.",
        "issues.invalid_ipv6_interface": "Interface IPv6 non valide.",
        "issues.invalid_list": "Liste non valide.",
        "issues.invalid_list.tuple": "Tuple non valide.",
        "issues.invalid_list.delimited": "Liste délimitée non valide.",
        "issues.invalid_list.delimited_tuple": "Tuple délimité non valide.",
        "issues.invalid_object": "Objet non valide.",
        "issues.invalid_object.type": "Type non valide.",
        "issues.invalid_object.input": "Type d'entrée non valide.",
        "issues.invalid_json": "JSON non valide.",
        "issues.invalid_json.reason": "JSON non valide : {reason}",
        "issues.invalid_cursor": "Curseur non valide.",
        "issues.invalid_cursor.other": (
            "Le curseur appartient à une autre requête, avec un tri, un filtre ou une URL différents."
        ),
        "issues.invalid_file": "Fichier non valide.",
        "issues.invalid_file_type": "Fichier d'un type autre que {choices}.",
        "issues.invalid_file_extension": "Le nom du fichier doit se terminer par {choices}.",
        "issues.too_short": "Longueur inférieure au minimum de {min}.",
        "issues.too_short.between": "La longueur doit être comprise entre {min} et {max}.",
        "issues.too_long": "Longueur supérieure au maximum de {max}.",
        "issues.too_long.pieces": "Longueur supérieure au maximum de {max_pieces}.",
        "issues.wrong_length": "La longueur doit être de {equal}.",
        "issues.too_small": "Doit être supérieur ou égal à {min}.",
        "issues.too_small.exclusive": "Doit être supérieur à {min}.",
        "issues.too_small.between": "Doit être supérieur ou égal à {min} et inférieur ou égal à {max}.",
        "issues.too_small.between_exclusive_min": "Doit être supérieur à {min} et inférieur ou égal à {max}.",
        "issues.too_small.between_exclusive_max": "Doit être supérieur ou égal à {min} et inférieur à {max}.",
        "issues.too_small.between_exclusive": "Doit être supérieur à {min} et inférieur à {max}.",
        "issues.too_small.file": "Taille inférieure à {min} octets.",
        "issues.too_large": "Doit être inférieur ou égal à {max}.",
        "issues.too_large.exclusive": "Doit être inférieur à {max}.",
        "issues.too_large.number": "Nombre trop grand.",
        "issues.too_large.file": "Taille supérieure à {max} octets.",
        "issues.too_many.query": "La chaîne de requête comporte plus de {max} valeurs.",
        "issues.too_many.cookies": "La requête comporte plus de {max} cookies.",
        "issues.not_one_of": "Doit être l'une des valeurs suivantes : {choices}.",
        "issues.not_one_of.sort": "Le tri par ce champ n'est pas pris en charge.",
        "issues.item_not_one_of": "Au moins une valeur ne fait pas partie des suivantes : {choices}.",
        "issues.forbidden": "Entrée non valide.",
        "issues.item_forbidden": "Au moins une valeur n'est pas autorisée : {values}.",
        "issues.not_equal": "Doit être égal à {other}.",
        "issues.indivisible": "Doit être un multiple de {divisor}.",
        "issues.pattern": "La valeur ne correspond pas au motif attendu.",
        "issues.pattern.pointer": "Pas un pointeur JSON comme '/name'.",
        # The reason why a body cannot be read
        "json.trailing_text": "Du texte suit la fin de la valeur JSON.",
        "json.trailing_comma": "Virgule finale en trop.",
        "json.key": "La clé d'un objet doit être une chaîne entre guillemets doubles.",
        "json.number": "Un nombre est mal formé.",
        "json.escape": "Une chaîne contient une séquence d'échappement non valide.",
        "json.surrogate": "Une chaîne contient la moitié d'une paire de substitution.",
        "json.digits": "Un nombre entier comporte trop de chiffres.",
        "json.too_large": "Un nombre est trop grand.",
        "json.truncated": "Le texte se termine au milieu d'une valeur.",
        "json.depth": "Imbrication de plus de {max} niveaux.",
        "json.encoding": "Le texte n'est pas encodé en UTF-8.",
        "json.byte_order_mark": (
            "Le texte n'est pas encodé en UTF-8, ou commence par un indicateur d'ordre des octets."
        ),
        "json.members": "Plus de {max} éléments.",
        "json.duplicate_key": "La clé {key} figure plusieurs fois dans un même objet.",
        "json.empty": "Le texte est vide.",
        "json.character": "Caractère inattendu.",
        "plain.depth": "Imbrication trop profonde.",
        "plain.number": "Le nombre {value} n'est pas représentable en JSON.",
        "plain.type": "Une valeur de type {type} n'est pas représentable en JSON.",
        "plain.key": "Une clé n'est pas une chaîne.",
        "csv.duplicate": "Colonne {name!r} en double.",
        "csv.cells": "La ligne {number} comporte {cells} cellules pour {columns} colonnes.",
        # The document: parameters
        "parameters.if_match": (
            "N'exécute la requête que si l'ETag actuel est l'un de ceux-ci (`*` : n'importe lequel)."
        ),
        "parameters.if_none_match.read": (
            "ETags des versions que possède le client. Si l'une d'elles est actuelle, la réponse est 304."
        ),
        "parameters.if_none_match.write": (
            "`*` : n'exécute la requête que si la ressource n'existe pas. ETags : que si aucun n'est actuel."
        ),
        "parameters.if_modified_since": (
            "Date de la version que possède le client. Si rien n'a changé depuis, la réponse est 304."
        ),
        "parameters.if_unmodified_since": (
            "N'exécute la requête que si rien n'a changé depuis cette date. Ignoré avec `If-Match`."
        ),
        "parameters.range": "Plages du fichier, comme `bytes=0-99` ou `bytes=-100`. Un en-tête mal formé est ignoré.",
        "parameters.if_range": (
            "ETag ou date de la version des plages. Si une autre version est actuelle, le fichier entier est envoyé."
        ),
        "parameters.last_event_id": "ID du dernier événement reçu par le client ; le flux reprend après celui-ci.",
        "parameters.idempotency_key": (
            "Clé unique de cette requête. Une répétition avec la même clé renvoie la première réponse et n'est"
            " pas exécutée à nouveau."
        ),
        "parameters.csrf": "Jeton CSRF.",
        "parameters.csrf.cookie": "Jeton CSRF. Requis si la requête est authentifiée par un cookie.",
        "parameters.page": "Numéro de la page à renvoyer.",
        "parameters.page_size": "Nombre maximal d'éléments à renvoyer.",
        "parameters.offset": "Nombre d'éléments à ignorer au début.",
        "parameters.cursor": "Curseur de la page à renvoyer, issu d'une réponse précédente.",
        "parameters.sort.list": (
            "Clés de tri, la plus importante en premier. Préfixez une clé par `-` pour un ordre décroissant."
        ),
        "parameters.sort": (
            "Clés de tri séparées par des virgules, de la plus à la moins importante. Le préfixe `-` inverse l'ordre."
        ),
        "parameters.search": (
            "Mots recherchés, sans tenir compte de la casse. Chacun doit figurer dans l'un des champs {names}."
        ),
        "parameters.fields": "Champs à inclure dans la réponse. Par défaut : tous.",
        "parameters.filter.eq": "Uniquement les éléments dont {name} est égal à cette valeur.",
        "parameters.filter.ne": "Uniquement les éléments dont {name} existe et diffère de cette valeur.",
        "parameters.filter.lt": "Uniquement les éléments dont {name} est inférieur à cette valeur.",
        "parameters.filter.lte": "Uniquement les éléments dont {name} est inférieur ou égal à cette valeur.",
        "parameters.filter.gt": "Uniquement les éléments dont {name} est supérieur à cette valeur.",
        "parameters.filter.gte": "Uniquement les éléments dont {name} est supérieur ou égal à cette valeur.",
        "parameters.filter.in": "Uniquement les éléments dont {name} est l'une de ces valeurs.",
        "parameters.filter.not_in": "Uniquement les éléments dont {name} existe et n'est aucune de ces valeurs.",
        "parameters.filter.isnull": (
            "`true` : uniquement les éléments sans {name}. `false` : uniquement les éléments avec {name}."
        ),
        "parameters.filter.contains": "Uniquement les éléments dont {name} contient ce texte.",
        "parameters.filter.icontains": (
            "Uniquement les éléments dont {name} contient ce texte, sans tenir compte de la casse."
        ),
        "parameters.filter.startswith": "Uniquement les éléments dont {name} commence par ce texte.",
        "parameters.filter.istartswith": (
            "Uniquement les éléments dont {name} commence par ce texte, sans tenir compte de la casse."
        ),
        "parameters.filter.endswith": "Uniquement les éléments dont {name} se termine par ce texte.",
        "parameters.filter.iendswith": (
            "Uniquement les éléments dont {name} se termine par ce texte, sans tenir compte de la casse."
        ),
        "parameters.version": "Version de l'API.",
        "parameters.version.default": "Version de l'API. Par défaut : {default}.",
        # The document: headers of responses and webhooks
        "headers.etag": "Version actuelle de la ressource, pour `If-Match`.",
        "headers.etag.version": "Version de la ressource.",
        "headers.etag.file": "Version du fichier.",
        "headers.last_modified": "Date de la dernière modification.",
        "headers.content_disposition": "Nom de fichier proposé.",
        "headers.nosniff": "`nosniff` : les navigateurs doivent utiliser le `Content-Type` déclaré.",
        "headers.accept_ranges": "`bytes` : le fichier peut être demandé par plages avec `Range`.",
        "headers.content_range": (
            "Plage de cette réponse : `bytes first-last/size`. S'il y a plusieurs plages, chaque partie a la sienne."
        ),
        "headers.content_range.size": "Taille du fichier : `bytes */size`.",
        "headers.allow": "Méthodes prises en charge par la ressource.",
        "headers.accept": "Types de média que lit l'opération.",
        "headers.accept_encoding": "Codages de contenu que lit l'opération.",
        "headers.content_encoding": "Compression du corps.",
        "headers.accept_query": "Types de médias dans lesquels une requête QUERY peut être écrite.",
        "headers.cache_status": "Indique si la réponse vient du cache du serveur (RFC 9211).",
        "headers.age": "Secondes depuis la création de la réponse, si elle vient du cache.",
        "bodies.codings": "Peut être envoyé compressé, avec `Content-Encoding` : {codings}.",
        "headers.retry_after": "Délai avant de réessayer : secondes ou date.",
        "headers.retry_after.seconds": "Secondes avant de réessayer.",
        "headers.www_authenticate": "Schémas d'authentification de l'opération.",
        "headers.www_authenticate.scopes": "Portées requises.",
        "headers.content_language": "Langue des textes de l'erreur.",
        "headers.request_id": "Identifiant de la requête : les journaux disent avec lui ce qui s'est passé.",
        "headers.vary": "En-têtes de requête dont dépend la réponse.",
        "headers.cache_control": "Règles de mise en cache de la réponse.",
        "headers.pagination": "Métadonnées de pagination sous forme d'objet JSON avec : {members}.",
        "headers.link.pages": "Liens vers les pages `first`, `prev`, `next` et `last`, si elles existent (RFC 8288).",
        "headers.link.replacement": "Liens vers le remplacement et vers plus d'informations.",
        "headers.deprecation": "Date depuis laquelle l'opération est obsolète (RFC 9745).",
        "headers.sunset": "Date à laquelle l'opération est retirée (RFC 8594).",
        "headers.version": "Version de l'API de la réponse.",
        "headers.rate_limit": "Quota restant `r` et secondes `t` avant réinitialisation, par règle.",
        "headers.rate_limit_policy": "Règles de limitation de débit : nom, quota `q` et fenêtre `w` en secondes.",
        "headers.idempotency_replayed": "`true` : réponse d'une requête antérieure avec la même clé.",
        "headers.allow_origin": "Origine dont les pages peuvent lire la réponse, ou `*`.",
        "headers.allow_credentials": "`true` : la requête peut inclure des cookies.",
        "headers.frame_options": "Pages autorisées à afficher la réponse dans un cadre.",
        "headers.referrer_policy": "Partie de cette URL que les autres sites reçoivent dans `Referer`.",
        "headers.resource_policy": "Sites autorisés à intégrer la réponse.",
        "headers.content_security_policy": (
            "Contenus que la réponse peut charger si elle est affichée comme page : aucun."
        ),
        "headers.transport_security": "Période pendant laquelle les navigateurs n'utilisent que HTTPS.",
        "headers.webhook_id": "ID du message. Une nouvelle livraison a le même ID.",
        "headers.webhook_timestamp": "Heure d'envoi, en secondes depuis 1970-01-01T00:00:00Z.",
        "headers.webhook_signature": (
            "`v1,` suivi du HMAC-SHA256 en Base64 de l'ID, de l'horodatage et du corps, joints par des points."
        ),
        # The document: responses
        "responses.not_modified": "Le client possède déjà cette version.",
        "responses.ranges": "Les plages demandées.",
        "responses.scope": "Les identifiants doivent avoir la portée {scopes}.",
        "responses.scopes": "Les identifiants doivent avoir les portées {scopes}.",
        "responses.received": "Le message a été reçu.",
        "responses.refused": "Le message a été refusé.",
        "responses.webhook_processed": "Le webhook a déjà été traité.",
        # The document: schemas and their members
        "schemas.problem": "Détails de l'erreur (RFC 9457).",
        "schemas.problem.type": (
            "URI du type d'erreur. Ouverte dans un navigateur, elle affiche la documentation de l'erreur."
        ),
        "schemas.problem.title": "Libellé du statut HTTP.",
        "schemas.problem.status": "Code de statut HTTP.",
        "schemas.problem.code": "Nom de l'erreur, pour les programmes.",
        "schemas.problem.detail": "Explication de cette occurrence de l'erreur.",
        "schemas.problem.request_id": "Identifiant de la requête.",
        "schemas.issue": "Une valeur non valide, pour les programmes.",
        "schemas.issue.location": "Partie de la requête, comme dans `errors`.",
        "schemas.issue.path": "Chemin de la valeur dans cette partie : noms et index. Vide pour la partie entière.",
        "schemas.issue.code": "Nom de la règle enfreinte. L'API peut définir d'autres codes que les exemples.",
        "schemas.issue.params": "Limites de la règle, comme `min` et `max`.",
        "schemas.issue.message": "Le message, comme dans `errors`.",
        "schemas.control_event": "Un événement du serveur : le flux se termine, ou des événements ont été omis.",
        "schemas.validation_problem": "Erreurs de validation de la requête (RFC 9457).",
        "schemas.validation_problem.errors": "Messages par partie de la requête et par chemin de champ.",
        "schemas.validation_problem.issues": (
            "Les mêmes erreurs sous forme de liste pour les programmes. Les réponses très longues omettent les"
            " dernières."
        ),
        "schemas.versions": "Versions disponibles, de la plus ancienne à la plus récente.",
        "schemas.tokens.access_token": "Jeton d'accès. Envoyez-le dans `Authorization: Bearer ...`.",
        "schemas.tokens.token_type": "Type du jeton d'accès (RFC 6750).",
        "schemas.tokens.expires_in": "Secondes avant l'expiration du jeton d'accès.",
        "schemas.tokens.refresh_token": "Jeton d'actualisation. Il ne peut être utilisé qu'une fois.",
        "schemas.tokens.scope": "Portées du jeton d'accès, séparées par des espaces.",
        "schemas.tokens.token": "Jeton d'accès ou d'actualisation.",
        "schemas.tokens.token_type_hint": "`access_token` ou `refresh_token`. Ignoré : le jeton l'indique lui-même.",
        "schemas.jwks.keys": "Les clés, chacune une JSON Web Key.",
        "routers.tokens": "Actualiser et révoquer des jetons.",
        "routers.jwks": "Clés publiques pour vérifier les jetons.",
        "operations.refresh_tokens": "Actualiser les jetons.",
        "operations.refresh_tokens.more": (
            "Renvoie un nouveau jeton d'accès et un nouveau jeton d'actualisation. Celui de la requête est"
            " consommé ; s'il est renvoyé plus tard, tous les jetons de la connexion sont révoqués."
        ),
        "operations.revoke_token": "Révoquer un jeton.",
        "operations.revoke_token.more": (
            "Un jeton d'actualisation met fin à sa connexion avec tous ses jetons. Un jeton non valide reçoit"
            " la même réponse qu'un jeton valide (RFC 7009)."
        ),
        "operations.jwks": "Obtenir les clés publiques.",
        "schemas.api_key.id": "Identifiant de la clé. Il fait partie de la clé et n'est pas secret.",
        "schemas.api_key.name": "Usage de la clé.",
        "schemas.api_key.scopes": "Portées de la clé.",
        "schemas.api_key.created_at": "Date de création.",
        "schemas.api_key.expires_at": "Date d'expiration de la clé. `null` : jamais.",
        "schemas.api_key.revoked_at": "Date de révocation de la clé, ou `null`.",
        "schemas.api_key.replaced_by": "Identifiant de la clé qui remplace celle-ci, ou `null`.",
        "schemas.api_key.last_used_at": (
            "Date de la dernière utilisation, à une minute près. `null` : jamais utilisée."
        ),
        "schemas.api_key.key": "La clé. Elle n'est affichée qu'une fois.",
        "schemas.api_key.overlap_hours": "Heures pendant lesquelles l'ancienne clé reste valide.",
        "schemas.api_key.expires_in_days": "Jours avant l'expiration de la clé. Par défaut : jamais.",
        "routers.api_keys": "Vos clés d'API.",
        "operations.list_api_keys": "Lister vos clés d'API, les plus récentes d'abord.",
        "operations.create_api_key": "Créer une clé d'API.",
        "operations.create_api_key.more": "La réponse contient la clé. Elle ne pourra plus être obtenue.",
        "operations.revoke_api_key": "Révoquer une clé d'API.",
        "operations.rotate_api_key": "Remplacer une clé d'API.",
        "operations.rotate_api_key.more": (
            "Crée une clé de mêmes nom, portées et durée de vie. L'ancienne clé reste valide quelques heures."
        ),
        "schemas.missing_scopes": "Portées qui manquent aux identifiants.",
        "schemas.missing_permission": "Autorisation qui manque à l'utilisateur.",
        "schemas.page": "Une page d'une liste, avec ses métadonnées de pagination.",
        "schemas.envelope": "Données avec métadonnées.",
        "schemas.pagination": "Position d'une page dans la liste entière.",
        "schemas.pagination.offset": "Position d'une tranche dans la liste entière.",
        "schemas.pagination.cursor": "Curseurs des pages voisines d'une liste.",
        "schemas.total": "Nombre total d'éléments.",
        "schemas.total_pages": "Nombre total de pages.",
        "schemas.first_page": "Numéro de la première page.",
        "schemas.last_page": "Numéro de la dernière page.",
        "schemas.page_number": "Numéro de cette page.",
        "schemas.previous_page": "Numéro de la page précédente.",
        "schemas.next_page": "Numéro de la page suivante.",
        "schemas.offset": "Nombre d'éléments avant cette page.",
        "schemas.limit": "Nombre maximal d'éléments de cette page.",
        "schemas.previous_offset": "Décalage de la page précédente.",
        "schemas.next_offset": "Décalage de la page suivante.",
        "schemas.previous_cursor": "Curseur de la page précédente.",
        "schemas.next_cursor": "Curseur de la page suivante.",
        "schemas.json_patch": "Une opération d'un patch JSON (RFC 6902, section 4).",
        "schemas.json_patch.write": "Ajouter ou remplacer un membre, ou tester sa valeur.",
        "schemas.json_patch.remove": "Supprimer un membre.",
        "schemas.json_patch.move": "Déplacer ou copier un membre.",
        "schemas.merge_patch": (
            "Modifications de {name} : les membres absents restent inchangés, `null` supprime un membre."
        ),
        "schemas.timestamp": "Secondes depuis 1970-01-01T00:00:00Z.",
        "schemas.timestamp_ms": "Millisecondes depuis 1970-01-01T00:00:00Z.",
        "schemas.rfc822": "Date et heure au format de la RFC 822, section 5.",
        "schemas.date_format": "Date et heure au format {format!r}.",
        "schemas.duration": "Durée en `{unit}`.",
        "schemas.ip_interface": "Adresse IP avec longueur de préfixe, comme 192.0.2.1/24.",
        "schemas.at_least": "Au minimum {value}.",
        "schemas.after": "Après {value}.",
        "schemas.at_most": "Au maximum {value}.",
        "schemas.before": "Avant {value}.",
        "schemas.pieces": "De {min} à {max} éléments.",
        "schemas.pieces.open": "Au moins {min} éléments.",
        # The document: security schemes and tags
        "security.webhook": (
            "Signature selon Standard Webhooks de `webhook-id`, `webhook-timestamp` et du corps : `v1,` avec"
            " HMAC-SHA256 ou `v1a,` avec Ed25519."
        ),
        "security.word": "Le mot `{word}`, une espace et le jeton : `{word} xxx.yyy.zzz`",
        "tags.default": "Opérations de {name}.",
        # The documentation pages
        "docs.skip": "Aller au contenu",
        "docs.menu": "Menu",
        "docs.navigation": "Documentation",
        "docs.theme": "Passer du clair au sombre",
        "docs.documents": "Documents",
        "docs.overview": "Aperçu",
        "docs.operations": "Opérations",
        "docs.operation": "Opération",
        "docs.schemas": "Schémas",
        "docs.schema": "Schéma",
        "docs.errors": "Erreurs",
        "docs.error": "Erreur",
        "docs.errors.unused": "Aucune opération du document ne déclare cette erreur.",
        "docs.authentication": "Authentification",
        "docs.webhooks": "Webhooks",
        "docs.webhook": "Webhook",
        "docs.changelog": "Modifications",
        "docs.changelog.since": "Version {version}, comparée à {before}",
        "docs.changelog.none": "Aucun changement que les clients pourraient remarquer.",
        "docs.changelog.breaking": "Incompatible",
        "docs.changelog.risky": "Risqué",
        "docs.changelog.compatible": "Compatible",
        "docs.search": "Recherche",
        "docs.not_served": "Le document de cette API n'est pas fourni ici.",
        "docs.needs_script": "Cette page nécessite JavaScript. La référence et le document n'en ont pas besoin :",
        "docs.servers": "URL de base",
        "docs.contact": "Contact",
        "docs.license": "Licence",
        "docs.terms": "Conditions d'utilisation",
        "docs.document": "Document OpenAPI",
        "docs.tag": "Tag",
        "docs.method": "Méthode",
        "docs.path": "Chemin",
        "docs.summary": "Résumé",
        "docs.meaning": "Description",
        "docs.name": "Nom",
        "docs.type": "Type",
        "docs.kind": "Genre",
        "docs.status": "Statut",
        "docs.code": "Code",
        "docs.members": "Champs",
        "docs.example": "Exemple",
        "docs.request": "Requête",
        "docs.response": "Réponse",
        "docs.parameters.path": "Paramètres de chemin",
        "docs.parameters.query": "Paramètres de requête",
        "docs.parameters.header": "En-têtes",
        "docs.parameters.cookie": "Cookies",
        "docs.body": "Corps de la requête",
        "docs.responses": "Réponses",
        "docs.responses.expected": "Réponses attendues",
        "docs.headers": "En-têtes",
        "docs.headers.common": "En-têtes de la plupart des réponses",
        "docs.links": "Liens",
        "docs.callbacks": "Rappels",
        "docs.several_errors": "{count} erreurs",
        "docs.required": "obligatoire",
        "docs.deprecated": "Obsolète",
        "docs.deprecated.until": "Obsolète, supprimé le {date}",
        "docs.badge.required": "Authentification",
        "docs.badge.optional": "Authentification facultative",
        "docs.badge.limits": "Débit limité",
        "docs.badge.idempotency": "Clé d'idempotence",
        "docs.badge.caching": "Cache (ETag)",
        "docs.badge.conditional": "If-Match obligatoire",
        "docs.badge.stream": "Flux",
        "docs.any": "tout type",
        "docs.array": "tableau de {items}",
        "docs.stream_of": "flux de {items}",
        "docs.or": "{rest} ou {last}",
        "docs.and": "{rest} et {last}",
        "docs.by": "selon {name}",
        "docs.one_of": "L'un des suivants :",
        "docs.unfold": "Champs de {name}",
        "docs.other_members": "tout autre nom",
        "docs.closed": "Aucun autre champ.",
        "docs.rule.length": "Longueur",
        "docs.rule.items": "Éléments",
        "docs.rule.members": "Champs",
        "docs.rule.range": "Intervalle",
        "docs.rule.multiple": "Multiple de",
        "docs.rule.pattern": "Motif",
        "docs.rule.constant": "Toujours",
        "docs.rule.values": "Valeurs",
        "docs.rule.more": "{count} de plus",
        "docs.rule.default": "Par défaut",
        "docs.rule.example": "Exemple",
        "docs.rule.unique": "Éléments uniques",
        "docs.rule.read_only": "Lecture seule",
        "docs.rule.write_only": "Écriture seule",
        "docs.auth.header": "Envoyez la clé dans l'en-tête {name}.",
        "docs.auth.query": "Envoyez la clé dans le paramètre de requête {name}.",
        "docs.auth.cookie": "Envoyez la clé dans le cookie {name}.",
        "docs.auth.basic": "Envoyez le nom d'utilisateur et le mot de passe par HTTP Basic (RFC 7617).",
        "docs.auth.bearer": "Envoyez le jeton dans l'en-tête Authorization.",
        "docs.auth.tls": "Connectez-vous avec un certificat client (mutual TLS).",
        "docs.auth.openid": "Les jetons sont émis par le fournisseur OpenID décrit à l'adresse",
        "docs.auth.flow.authorizationCode": "OAuth 2 : code d'autorisation",
        "docs.auth.flow.clientCredentials": "OAuth 2 : identifiants du client",
        "docs.auth.flow.password": "OAuth 2 : mot de passe",
        "docs.auth.flow.implicit": "OAuth 2 : implicite",
        "docs.auth.flow.deviceAuthorization": "OAuth 2 : autorisation d'appareil",
        "docs.auth.authorize": "URL d'autorisation",
        "docs.auth.device": "URL d'autorisation d'appareil",
        "docs.auth.token": "URL du jeton",
        "docs.auth.refresh": "URL de rafraîchissement",
        "docs.auth.scope": "Portée",
        "docs.auth.uses": "Opérations : {count}",
        "docs.try": "Essayer",
        "docs.script.copy": "Copier",
        "docs.script.copied": "Copié",
        "docs.script.nothing_found": "Aucun résultat.",
        "docs.script.send": "Envoyer",
        "docs.script.stop": "Arrêter",
        "docs.script.clear": "Fermer",
        "docs.script.body": "Corps",
        "docs.script.file": "Fichier",
        "docs.script.download": "Télécharger",
        "docs.script.credentials": "Identifiants",
        "docs.script.token": "Jeton",
        "docs.script.user": "Nom d'utilisateur",
        "docs.script.password": "Mot de passe",
        "docs.script.failed": (
            "La requête a échoué. Le serveur est peut-être injoignable ou n'autorise pas les appels depuis cette page."
        ),
        "docs.script.ended": "Fin du flux",
        "docs.script.stopped": "Arrêté",
        "docs.script.optional": "Aucun",
    }
)
