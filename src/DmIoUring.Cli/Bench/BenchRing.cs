using System.Text.Json.Serialization;

namespace DmIoUring.Cli.Bench;

/// <summary>What carries the requests.</summary>
internal enum BenchRing
{
    /// <summary>io_uring, or the run does not begin.</summary>
    [JsonStringEnumMemberName("kernel")]
    Kernel,

    /// <summary>Threads with a system call each.</summary>
    [JsonStringEnumMemberName("worker")]
    Worker,
}
