namespace DmIoUring.Engine;

/// <summary>The names of causes in metrics, events and log lines.</summary>
internal static class CauseNames
{
    public static string Name(this IoFailureCause cause) => cause switch
    {
        IoFailureCause.None => "none",
        IoFailureCause.Device => "device",
        IoFailureCause.BeyondEnd => "beyond_end",
        IoFailureCause.Misaligned => "misaligned",
        IoFailureCause.ReadOnly => "read_only",
        IoFailureCause.EndedEarly => "ended_early",
        IoFailureCause.RetriesExhausted => "retries_exhausted",
        IoFailureCause.Cancelled => "cancelled",
        IoFailureCause.TimedOut => "timed_out",
        IoFailureCause.NotAtomic => "not_atomic",
        IoFailureCause.Zoned => "zoned",
        IoFailureCause.RingLost => "ring_lost",
        IoFailureCause.Host => "host",
        IoFailureCause.NotByCommand => "not_by_command",
        IoFailureCause.NoPassThrough => "no_pass_through",
        IoFailureCause.InDoubt => "in_doubt",
    };
}
