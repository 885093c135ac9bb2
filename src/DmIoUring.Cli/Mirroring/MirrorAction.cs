using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Mirroring;

/// <summary>What <c>dmio mirror</c> is asked to do.</summary>
internal enum MirrorAction
{
    [JsonStringEnumMemberName("create")]
    Create,

    [JsonStringEnumMemberName("status")]
    Status,

    [JsonStringEnumMemberName("resync")]
    Resync,

    [JsonStringEnumMemberName("replace")]
    Replace,
}
