namespace DmIoUring;

/// <summary>How a lane or a reactor learns of completions.</summary>
public enum IoCompletionPolling
{
    /// <summary>The device interrupts. For every device and every operation.</summary>
    None,

    /// <summary>
    /// The waiting thread polls the device (IORING_SETUP_IOPOLL): the least latency of a fast device, at the cost of a whole processor while a
    /// polled transfer is in flight.
    /// </summary>
    Busy,

    /// <summary>As <see cref="Busy"/>, after a sleep of half the time that such requests took so far (IORING_SETUP_HYBRID_IOPOLL, Linux 6.13; Busy before).</summary>
    Hybrid,
}
