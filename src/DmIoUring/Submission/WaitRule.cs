namespace DmIoUring.Submission;

/// <summary>What to do when the reserve has no request or no pages left.</summary>
internal enum WaitRule
{
    /// <summary>Wait in order of arrival.</summary>
    Wait,

    /// <summary>Give up, and say so by the return value.</summary>
    Try,

    /// <summary>
    /// The caller may be who gives them back: a request beyond the reserve is made, and pages that are not free are an exception.
    /// </summary>
    Never,
}
