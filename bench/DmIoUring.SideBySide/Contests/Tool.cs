using System.Text.Json.Serialization;

namespace DmIoUring.SideBySide.Contests;

/// <summary>The program that a contestant is.</summary>
internal enum Tool
{
    /// <summary><c>dmio bench</c>: this library.</summary>
    [JsonStringEnumMemberName("dmio")]
    Dmio,

    [JsonStringEnumMemberName("dmio-peers")]
    Peers,

    [JsonStringEnumMemberName("fio")]
    Fio,

    /// <summary>One of the benchmark program's trials, which has a device and a duration of its own.</summary>
    [JsonStringEnumMemberName("trial")]
    Trial,
}
