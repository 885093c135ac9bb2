using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Mirroring;

/// <summary>Why a device can't be used as a leg of the mirror.</summary>
internal enum MirrorUnusable
{
    /// <summary>It has no valid metadata.</summary>
    [JsonStringEnumMemberName("no_metadata")]
    NoMetadata,

    /// <summary>It belongs to another mirror, was replaced, or is a copy of another device.</summary>
    [JsonStringEnumMemberName("foreign")]
    Foreign,

    /// <summary>It was used without the others, and they without it.</summary>
    [JsonStringEnumMemberName("split")]
    Split,

    /// <summary>It is out of sync, and no leg in sync was named.</summary>
    [JsonStringEnumMemberName("no_source")]
    NoSource,

    /// <summary>It is too small.</summary>
    [JsonStringEnumMemberName("unsuitable")]
    Unsuitable,
}
