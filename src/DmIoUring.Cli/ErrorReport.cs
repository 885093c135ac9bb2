namespace DmIoUring.Cli;

/// <summary>What an exception that reached the end of a command is for a user: one line, and an exit code.</summary>
internal static class ErrorReport
{
    public static (Refusal Line, int ExitCode) Of(Exception exception) => exception switch
    {
        RefusedException refused => (refused.Refusal, ExitCode.Refused),
        OperationCanceledException => (new Refusal("", "interrupted", ""), ExitCode.Interrupted),
        IoUringUnavailableException unavailable => (new Refusal("", unavailable.Message, ""), ExitCode.Refused),
        AggregateException { InnerExceptions.Count: 1 } aggregate => Of(aggregate.InnerException!),
        OutOfMemoryException => (
            new Refusal("", $"no memory: {exception.Message} What was written until then is not known.", ""), ExitCode.Unexpected),
        _ => (
            new Refusal("", $"unexpected {exception.GetType().Name}: {exception.Message} What was written until then is not known.", ""),
            ExitCode.Unexpected),
    };
}
