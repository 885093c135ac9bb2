namespace DmIoUring.Services;

/// <summary>Which leg of a <see cref="MirrorDevice"/> a read goes to first. A read that fails goes to the others.</summary>
public enum MirrorReadPolicy
{
    /// <summary>The leg with the fewest reads in flight; of equal ones the lowest.</summary>
    LeastBusy,

    /// <summary>The lowest leg that is in sync.</summary>
    First,

    /// <summary>One leg after the other.</summary>
    RoundRobin,
}
