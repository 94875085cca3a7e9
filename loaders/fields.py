"""The fields of a model in the Hub's listing, and which of them need care in an import."""

HUB_FIELDS = frozenset({
    "_id", "id", "modelId", "author", "baseModels", "cardData", "childrenModelCount", "config",
    "createdAt", "disabled", "downloads", "downloadsAllTime", "evalResults", "gated", "gguf",
    "gitalyUid", "inference", "inferenceProviderMapping", "lastModified", "library_name", "likes",
    "mask_token", "model-index", "pipeline_tag", "private", "resourceGroup", "safetensors", "sha",
    "siblings", "spaces", "tags", "transformersInfo", "trendingScore", "usedStorage",
    "widgetData", "xetEnabled",
})  # fmt: skip

# A column of text under one of these names holds an object or a list, written as JSON.
JSON_FIELDS = frozenset({
    "baseModels", "baseModels.models", "cardData", "cardText", "config", "config.peft",
    "config.quantization_config", "evalResults", "gguf", "inferenceProviderMapping",
    "model-index", "resourceGroup", "safetensors", "safetensors.parameters", "siblings",
    "spaces", "tags", "transformersInfo", "widgetData",
})  # fmt: skip

TIME_FIELDS = frozenset({"createdAt", "lastModified"})

# CSV has no types: these two sets say which of its texts are numbers and booleans.
NUMBER_FIELDS = frozenset({
    "childrenModelCount", "downloads", "downloadsAllTime", "gguf.context_length", "gguf.total",
    "gguf.totalFileSize", "likes", "safetensors.total", "trendingScore", "usedStorage",
})  # fmt: skip
BOOLEAN_FIELDS = frozenset({"disabled", "gated", "private", "xetEnabled"})

# Where an id is taken from, best first.
ID_FIELDS = ("id", "modelId", "model_id")
OID_FIELDS = ("_id", "hub_oid")
