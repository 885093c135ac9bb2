namespace DmIoUring.Testing;

/// <summary>Counts requests until one is due at which the power is cut. The lock must be held.</summary>
internal struct PowerCountdown
{
    private long _left;
    private MediumOperations _operations;

    public static PowerCountdown After(long requests, MediumOperations operations)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(requests);
        if (operations == MediumOperations.None || (operations & ~MediumOperations.All) != 0)
            throw new ArgumentOutOfRangeException(nameof(operations), operations, "Name operations to count.");
        return new PowerCountdown { _left = requests, _operations = operations };
    }

    /// <summary>Whether the power goes now. It says so once.</summary>
    public bool IsDue(MediumOperations operation)
    {
        if ((_operations & operation) == 0)
            return false;
        if (_left-- > 0)
            return false;
        _operations = MediumOperations.None;
        return true;
    }
}
