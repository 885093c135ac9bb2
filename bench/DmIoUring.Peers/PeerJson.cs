using System.Text.Json.Serialization;

namespace DmIoUring.Peers;

/// <summary>The document of a run.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(PeerReport))]
internal sealed partial class PeerJson : JsonSerializerContext;
