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

    /// <summary>Looking whether what was written is still there, all of it.</summary>
    [JsonStringEnumMemberName("check")]
    Check,

    [JsonStringEnumMemberName("verify")]
    Verify,
}
