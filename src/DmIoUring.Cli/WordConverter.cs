using System.Text.Json;
using System.Text.Json.Serialization;

namespace DmIoUring.Cli;

/// <summary>The library's enums as the words that are typed for them.</summary>
internal sealed class WordConverter<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower)
    where T : struct, Enum;
