using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Bench;

/// <summary>What the requests are, in fio's words.</summary>
internal enum BenchPattern
{
    [JsonStringEnumMemberName("read")]
    Read,

    [JsonStringEnumMemberName("write")]
    Write,

    [JsonStringEnumMemberName("randread")]
    RandRead,

    [JsonStringEnumMemberName("randwrite")]
    RandWrite,

    /// <summary>Reads and writes at random places, mixed at random.</summary>
    [JsonStringEnumMemberName("randrw")]
    RandRw,
}
