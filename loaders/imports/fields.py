"""The fields of a model in the Hub's listing, and which of them need care in an import."""

HUB_FIELDS = frozenset({
    "_id", "id", "modelId", "author", "baseModels", "cardData", "childrenModelCount", "config",
    "createdAt", "disabled", "downloads", "downloadsAllTime", "evalResults", "gated", "gguf",
    "gitalyUid", "inference", "inferenceProviderMapping", "lastModified", "library_name", "likes",
    "mask_token", "model-index", "pipeline_tag", "private", "resourceGroup", "safetensors", "sha",
    "siblings", "spaces", "tags", "transformersInfo", "trendingScore", "usedStorage",
    "widgetData", "xetEnabled",
})  # fmt: skip

# A text column of one of these names holds a list or an object, in some notation.
LIST_FIELDS = frozenset({
    "baseModels.models", "evalResults", "model-index", "siblings", "spaces", "tags", "widgetData",
})  # fmt: skip
OBJECT_FIELDS = frozenset({
    "baseModels", "cardData", "cardText", "config", "config.peft", "config.quantization_config",
    "gguf", "inferenceProviderMapping", "resourceGroup", "safetensors", "safetensors.parameters",
    "transformersInfo",
})  # fmt: skip
JSON_FIELDS = LIST_FIELDS | OBJECT_FIELDS

TIME_FIELDS = frozenset({"createdAt", "lastModified"})

# CSV has no types: these two sets say which of its texts are numbers and booleans.
NUMBER_FIELDS = frozenset({
    "childrenModelCount", "downloads", "downloadsAllTime", "gguf.context_length", "gguf.total",
    "gguf.totalFileSize", "likes", "safetensors.total", "trendingScore", "usedStorage",
})  # fmt: skip
BOOLEAN_FIELDS = frozenset({"disabled", "gated", "private", "xetEnabled"})

# The fields that a build reads, with their kinds (written.py): values that cannot be read are
# counted by field. Parents have no kind: each of them becomes an edge or a rejection.
FIELDS_IN_USE = {
    "_id": "id",
    "baseModels": "lineage",
    "baseModels.models": "models",
    "baseModels.relation": "word",
    "cardData": "object",
    "cardData.base_model_relation": "words",
    "cardData.language": "languages",
    "cardData.library_name": "words",
    "cardData.license": "words",
    "cardData.license_name": "words",
    "cardData.pipeline_tag": "words",
    "cardText": "object",
    "config": "object",
    "config.architectures": "words",
    "config.model_type": "words",
    "config.peft": "object",
    "config.tokenizer_config": "object",
    "createdAt": "time",
    "downloads": "count",
    "downloadsAllTime": "count",
    "gated": "word or boolean",
    "gguf": "object",
    "gguf.total": "count",
    "lastModified": "time",
    "library_name": "word",
    "likes": "count",
    "pipeline_tag": "word",
    "private": "boolean",
    "safetensors": "object",
    "safetensors.parameters": "counts",
    "safetensors.total": "count",
    "tags": "texts",
    "trendingScore": "number",
}

# Words for a missing value in pandas, numpy, Python and SQL, and the empty text.
NO_VALUE = frozenset({"", "<na>", "n/a", "nan", "nat", "none", "null"})

# Where an id is taken from, best first.
ID_FIELDS = ("id", "modelId", "model_id")
OID_FIELDS = ("_id", "hub_oid")
