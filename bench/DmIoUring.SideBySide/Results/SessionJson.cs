using System.Text.Json.Serialization;

namespace DmIoUring.SideBySide.Results;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Session))]
internal sealed partial class SessionJson : JsonSerializerContext;
