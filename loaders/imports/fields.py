"""The fields of a model in the Hub's listing, and which of them need care in an import."""

HUB_FIELDS = frozenset({
    "_id", "id", "modelId", "author", "baseModels", "cardData", "childrenModelCount", "config",
    "createdAt", "disabled", "downloads", "downloadsAllTime", "evalResults", "gated", "gguf",
    "gitalyUid", "inference", "inferenceProviderMapping", "lastModified", "library_name", "likes",
    "mask_token", "model-index", "pipeline_tag", "private", "resourceGroup", "safetensors", "sha",
    "siblings", "spaces", "tags", "transformersInfo", "trendingScore", "usedStorage",
    "widgetData", "xetEnabled",
})  # fmt: skip

# A column of text under one of these names holds a list or an object, written in some way.
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
# Of these, 1,234 is one thing only; of a score it might be a little more than one.
COUNT_FIELDS = NUMBER_FIELDS - {"trendingScore"}
BOOLEAN_FIELDS = frozenset({"disabled", "gated", "private", "xetEnabled"})

# What a build reads: a value that it could make nothing of is counted, and its field is named.
FIELDS_IN_USE = frozenset({
    "_id", "baseModels", "cardData", "config", "createdAt", "downloads", "downloadsAllTime", "gguf",
    "gguf.total", "lastModified", "likes", "private", "safetensors", "safetensors.total", "tags",
    "trendingScore",
})  # fmt: skip

# Words for no value, in the letters of pandas, numpy, Python and SQL, and the empty text.
NO_VALUE = frozenset({"", "<na>", "n/a", "nan", "nat", "none", "null"})

# Where an id is taken from, best first.
ID_FIELDS = ("id", "modelId", "model_id")
OID_FIELDS = ("_id", "hub_oid")
