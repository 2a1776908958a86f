package osutil

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

const (
	// serviceAccount has few rights, but may create a folder in %ProgramData%.
	serviceAccount = `NT AUTHORITY\LocalService`
	// servicePoll is how often the state of a service is polled.
	servicePoll = 100 * time.Millisecond
)

// RunService runs a service until run returns its exit code. stop delivers the
// requests to end; run calls ready when the service is in operation.
func RunService(run func(stop <-chan os.Signal, ready func()) int) error {
	err := svc.Run("", handler{run}) // a service with its own process needs no name
	if errors.Is(err, windows.ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
		return fmt.Errorf("%w (only Windows runs this: start the service instead)", err)
	}
	return err
}

type handler struct {
	run func(stop <-chan os.Signal, ready func()) int
}

// Execute implements svc.Handler.
func (h handler) Execute(_ []string, requests <-chan svc.ChangeRequest, status chan<- svc.Status) (specific bool, code uint32) {
	const wait = uint32(time.Minute / time.Millisecond)
	stop := make(chan os.Signal, 1)
	ready := make(chan struct{}, 1)
	ended := make(chan int, 1)
	go func() { ended <- h.run(stop, func() { ready <- struct{}{} }) }()
	now := svc.Status{State: svc.StartPending, WaitHint: wait}
	status <- now
	for {
		select {
		case code := <-ended:
			return code != 0, uint32(code)
		case <-ready:
			if now.State != svc.StartPending {
				continue // it is to end already
			}
			now = svc.Status{State: svc.Running, Accepts: svc.AcceptStop | svc.AcceptShutdown}
		case r := <-requests:
			if r.Cmd == svc.Stop || r.Cmd == svc.Shutdown {
				now = svc.Status{State: svc.StopPending, WaitHint: wait}
				select {
				case stop <- os.Interrupt:
				default: // a request is pending already
				}
			}
		}
		status <- now
	}
}

// open calls do with the service.
func (s Service) open(do func(*mgr.Service) error) error {
	m, err := mgr.Connect()
	if err != nil {
		return s.explain(err)
	}
	defer func() { _ = m.Disconnect() }()
	service, err := m.OpenService(s.Name)
	if err != nil {
		return s.explain(err)
	}
	defer func() { _ = service.Close() }()
	return s.explain(do(service))
}

// remedies are the remedies for errors of the service control manager.
var remedies = []struct {
	err  error
	hint string
}{
	{fs.ErrPermission, "run this as an administrator"},
	{windows.ERROR_SERVICE_DOES_NOT_EXIST, "install it first"},
	{windows.ERROR_SERVICE_EXISTS, "remove it first, to install it with other flags"},
	{windows.ERROR_SERVICE_MARKED_FOR_DELETE, "close what shows it, services.msc for instance"},
	{windows.ERROR_SERVICE_ALREADY_RUNNING, "stop it first"},
	{windows.ERROR_SERVICE_NOT_ACTIVE, "start it first"},
	{fs.ErrNotExist, "its program has been moved: remove it and install it again"},
}

func (s Service) explain(err error) error {
	if err == nil {
		return nil
	}
	for _, r := range remedies {
		if errors.Is(err, r.err) {
			return fmt.Errorf("service %s: %w (%s)", s.Name, err, r.hint)
		}
	}
	return fmt.Errorf("service %s: %w", s.Name, err)
}

// Install installs the service, to be started with the system, from this
// program's file, by a user with few rights.
func (s Service) Install() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	m, err := mgr.Connect()
	if err != nil {
		return s.explain(err)
	}
	defer func() { _ = m.Disconnect() }()
	service, err := m.CreateService(s.Name, program, mgr.Config{
		DisplayName: s.Name, Description: s.Description, StartType: mgr.StartAutomatic, ServiceStartName: serviceAccount,
	}, s.Args...)
	if err != nil {
		return s.explain(err)
	}
	return service.Close()
}

// Remove undoes Install. The service must not run.
func (s Service) Remove() error {
	return s.open(func(service *mgr.Service) error {
		now, err := service.Query()
		switch {
		case err != nil:
			return err
		case now.State != svc.Stopped:
			return windows.ERROR_SERVICE_ALREADY_RUNNING
		}
		return service.Delete()
	})
}

// Start starts the service, and waits until it is ready. The error is a
// *ServiceEndedError if it ends before that.
func (s Service) Start(patience time.Duration) error {
	return s.open(func(service *mgr.Service) error {
		if err := service.Start(); err != nil {
			return err
		}
		now, err := await(service, svc.Running, patience)
		if err == nil && now.State == svc.Stopped {
			code := now.Win32ExitCode
			if code == uint32(windows.ERROR_SERVICE_SPECIFIC_ERROR) {
				code = now.ServiceSpecificExitCode
			}
			command, err := commandOf(service)
			if err != nil {
				return err
			}
			return &ServiceEndedError{Code: code, Command: command}
		}
		return err
	})
}

// commandOf returns the command of a service. (mgr.Service.Config queries more, which
// Wine refuses.)
func commandOf(service *mgr.Service) (string, error) {
	const size = 8 << 10 // the most there can be
	room := make([]uint64, size/8)
	how := (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(&room[0]))
	var needed uint32
	if err := windows.QueryServiceConfig(service.Handle, how, size, &needed); err != nil {
		return "", os.NewSyscallError("QueryServiceConfig", err)
	}
	return windows.UTF16PtrToString(how.BinaryPathName), nil
}

// Stop asks the service to end, and waits until it has.
func (s Service) Stop(patience time.Duration) error {
	return s.open(func(service *mgr.Service) error {
		now, err := service.Control(svc.Stop)
		if err != nil && now.State != svc.StopPending { // it may have been requested before
			return err
		}
		_, err = await(service, svc.Stopped, patience)
		return err
	})
}

// await waits until the service is in a state, or has stopped. In between it may
// still report its former state.
func await(service *mgr.Service, state svc.State, patience time.Duration) (now svc.Status, err error) {
	for end := time.Now().Add(patience); ; <-time.After(servicePoll) {
		now, err = service.Query()
		switch {
		case err != nil || now.State == state || now.State == svc.Stopped:
			return now, err
		case time.Now().After(end):
			return now, fmt.Errorf("it is not done after %s (its log says what it does)", patience)
		}
	}
}
