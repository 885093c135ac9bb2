using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Bench;

/// <summary>What the requests' buffers are.</summary>
internal enum BenchMemory
{
    /// <summary>Raw pointers to pages of the pool, which rings know.</summary>
    [JsonStringEnumMemberName("pool")]
    Pool,

    /// <summary>Raw pointers to memory that rings don't know.</summary>
    [JsonStringEnumMemberName("pointer")]
    Pointer,

    /// <summary>Slices of an <see cref="DmIoUring.IoMemory"/>.</summary>
    [JsonStringEnumMemberName("iomemory")]
    IoMemory,

    /// <summary>Parts of byte arrays.</summary>
    [JsonStringEnumMemberName("array")]
    Array,

    /// <summary>Page lists of the pool.</summary>
    [JsonStringEnumMemberName("pages")]
    Pages,
}
