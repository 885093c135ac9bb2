using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Copy;

/// <summary>What a copy is doing, or was doing when something failed.</summary>
internal enum CopyPhase
{
    [JsonStringEnumMemberName("read")]
    Read,

    [JsonStringEnumMemberName("write")]
    Write,

    [JsonStringEnumMemberName("flush")]
    Flush,

    [JsonStringEnumMemberName("verify")]
    Verify,
}
