namespace DmIoUring;

/// <summary>How a lane or a reactor learns that a device is done.</summary>
public enum IoCompletionPolling
{
    /// <summary>The device interrupts. For every device and every operation.</summary>
    None,

    /// <summary>
    /// Who waits asks the device over and over (IORING_SETUP_IOPOLL): the least latency of a fast device, for a whole processor while anything
    /// that is asked for is under way.
    /// </summary>
    Busy,

    /// <summary>As <see cref="Busy"/>, after a sleep of half the time that such requests took so far (IORING_SETUP_HYBRID_IOPOLL, Linux 6.13; Busy before).</summary>
    Hybrid,
}
