namespace DmIoUring.Engine;

/// <content>Which regions failed.</content>
internal sealed unsafe partial class Request
{
    /// <summary>Whether its caller makes the request again in another way if the ring is lost, so that this attempt does not count then.</summary>
    public bool IsRepeatedIfLost { get; set; }

    /// <summary>Whether it has failed in a way that its caller does not hear of.</summary>
    public bool WillBeRepeated => IsRepeatedIfLost && (_failed | _unsupported) != 0 && _first.Cause == IoFailureCause.RingLost;

    /// <summary>Whether a region has failed, and not because it is not supported.</summary>
    public bool HasFailed(int region) => (_failed & (1ul << region)) != 0;

    /// <summary>Whether a region is not supported.</summary>
    public bool IsUnsupported(int region) => (_unsupported & (1ul << region)) != 0;
}
