namespace DmIoUring.Services;

/// <summary>Called once when a job of a <see cref="CopyService"/> has ended. kcopyd's <c>dm_kcopyd_notify_fn</c>.</summary>
/// <param name="result">How it ended; <see cref="CopyResult.Exception"/> where misuse ended it.</param>
/// <param name="context">What the caller gave with the job.</param>
/// <remarks>
/// Runs on the thread pool; a service's callbacks and progress reports come one at a time. It may block, submit further jobs and dispose the service. It must not wait
/// for another callback or progress report of the same service, which comes only when this one has returned. When it throws, that is reported
/// (<see cref="CopyServiceOptions.CallbackFailed"/>).
/// </remarks>
public delegate void CopyNotify(CopyResult result, object? context);
